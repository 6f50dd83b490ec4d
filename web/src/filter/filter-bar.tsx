/** The filter as chips, and the one line that adds to it. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { termTexts } from '../../../client/src/filter-line-terms.ts';
import { address } from '../base/address.ts';
import { Refusal } from '../base/refusal.tsx';
import { visible } from '../base/text.ts';
import { asked } from './asked.ts';
import { CompletionList, useCompletion } from './completion-list.tsx';
import { refusal } from './refusal.ts';
import { addTerms, useLine } from './terms.ts';

/** Where `/` goes. */
export const filterInputId = 'filter-input';

export function FilterBar() {
  const text = useSignal('');
  const input = useRef<HTMLInputElement>(null);
  const terms = termsOf(address.value.line);
  const completion = useCompletion(text, (completed) => {
    text.value = completed;
    input.current?.focus();
  });
  useEffect(() => {
    refusal.value = null;
  }, [address.value.line]);
  const commit = (): void => {
    // The list would lie over the rows, and over the sentence that says what is wrong.
    completion.close();
    if (addTyped(text.value)) text.value = '';
  };
  const without = (at: number): void => void useLine(terms.filter((_, place) => place !== at).join(' '));
  const pressed = (event: KeyboardEvent): void => {
    if (completion.pressed(event)) return;
    if (event.key === 'Enter') commit();
    else if (event.key === 'Escape') input.current?.blur();
    else if (event.key === 'Backspace' && text.value === '' && terms.length > 0) {
      event.preventDefault();
      text.value = terms.at(-1) ?? '';
      without(terms.length - 1);
    }
  };
  const typed = (): void => {
    text.value = input.current?.value ?? '';
    completion.open();
  };
  const why = refusal.value ?? asked.value.refusal;
  return (
    <search class="filter">
      <div class="filter-line">
        {terms.map((term, at) => (
          <span class="chip" key={term}>
            {visible(term)}
            <button type="button" aria-label={`Remove ${visible(term)}`} onClick={() => without(at)}>
              ×
            </button>
          </span>
        ))}
        <input
          {...{ id: filterInputId, ref: input, type: 'text', spellcheck: false, autocomplete: 'off' }}
          {...completion.attributes}
          aria-label="Filter"
          placeholder={terms.length === 0 ? 'Filter: event:order.* region=eu "some words"' : ''}
          value={text}
          onInput={typed}
          onKeyDown={pressed}
          onBlur={completion.close}
          onFocus={completion.open}
        />
      </div>
      <CompletionList completion={completion} />
      <Refusal text={why} />
    </search>
  );
}

function addTyped(text: string): boolean {
  if (text.trim() === '') return false;
  try {
    return addTerms(...termTexts(text));
  } catch {
    // What cannot be cut into terms cannot be read either, and that says why.
    return useLine(text);
  }
}

/** A line that is none is one chip: it can still be seen, changed and removed. */
function termsOf(line: string): string[] {
  try {
    return termTexts(line);
  } catch {
    return [line];
  }
}
