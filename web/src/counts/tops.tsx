/** The largest groups, live; each is a click to filter. */
import type { ReadonlySignal } from '@preact/signals';
import type { Count } from '../../../schemas/count.ts';
import { Refusal } from '../base/refusal.tsx';
import { numberText, visible } from '../base/text.ts';
import { addTerms } from '../filter/terms.ts';
import type { CountState } from './live-count.ts';

export interface TopsProps {
  readonly title: string;
  readonly state: ReadonlySignal<CountState>;
  /** Of the filter, for a value. */
  readonly term: (value: string) => string;
}

export function Tops({ title, state, term }: TopsProps) {
  const { found, failure } = state.value;
  const counts = found?.counts ?? [];
  const most = Math.max(1, ...counts.map(({ count }) => count));
  return (
    <section class="tops" aria-label={title}>
      <h2>{title}</h2>
      <Refusal text={failure} />
      {found !== null && counts.length === 0 && <p class="none">None</p>}
      <ol>
        {counts.map((count) => (
          <Top key={count.value} count={count} share={count.count / most} term={term(count.value)} />
        ))}
      </ol>
    </section>
  );
}

function Top({ count, share, term }: { readonly count: Count; readonly share: number; readonly term: string }) {
  const { value, label } = count;
  return (
    <li style={{ backgroundSize: `${share * 100}% 100%` }}>
      <button type="button" title={`Filter by ${visible(term)}`} onClick={() => addTerms(term)}>
        {visible(value)}
        {label !== value && <span class="count"> {visible(label)}</span>}
      </button>
      <span class="count">{numberText(count.count)}</span>
    </li>
  );
}
