/** What narrows the filter by one value: to it, or to all others. */
import { visible } from '../base/text.ts';
import { addTerms } from '../filter/terms.ts';

export function TermButtons({ term, isDeniable }: { readonly term: string; readonly isDeniable: boolean }) {
  return (
    <span class="terms">
      <button
        type="button"
        aria-label={`Filter: is ${visible(term)}`}
        title="Filter by this"
        onClick={() => addTerms(term)}
      >
        is
      </button>
      {isDeniable && (
        <button
          {...{ type: 'button', title: 'Not this' }}
          aria-label={`Filter: not ${visible(term)}`}
          onClick={() => addTerms(`-${term}`)}
        >
          not
        </button>
      )}
    </span>
  );
}
