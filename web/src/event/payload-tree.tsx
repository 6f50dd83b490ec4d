/** The payload as a tree that opens step by step. Numbers stand as they were sent, where the browser can tell. */
import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { quoteIfNeeded } from '../../../client/src/filter-line-terms.ts';
import { visible } from '../base/text.ts';
import { TermButtons } from './term-buttons.tsx';

/** More of one list or object are shown when they are asked for. */
const entriesMax = 100;
/** A search for less would find everything. */
const wordCharactersMin = 3;
const wordCharactersMax = 150;

/** A number, by its own text. */
class SentNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** `text`: that of the whole event. */
export function PayloadTree({ text }: { readonly text: string }) {
  const payload = useMemo(() => parsed(text), [text]);
  if (Object.keys(payload).length === 0) return <p class="none">No payload</p>;
  return (
    <div class="payload">
      <p class="caption">Payload</p>
      <Entries value={payload} />
    </div>
  );
}

type Reviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown;

function parsed(text: string): object {
  const keep: Reviver = (_key, value, context) =>
    typeof value === 'number' ? new SentNumber(context?.source ?? String(value)) : value;
  // Newer browsers give the third argument, which TypeScript does not know yet.
  const { payload } = JSON.parse(text, keep as (key: string, value: unknown) => unknown);
  return typeof payload === 'object' && payload !== null ? payload : {};
}

function Entries({ value }: { readonly value: object }) {
  const shown = useSignal(entriesMax);
  const all = Object.entries(value);
  return (
    <ul>
      {all.slice(0, shown.value).map(([key, inner]) => (
        <Entry key={key} name={key} value={inner} />
      ))}
      {all.length > shown.value && (
        <li>
          <button type="button" onClick={() => (shown.value += 10 * entriesMax)}>
            {all.length - shown.value} more
          </button>
        </li>
      )}
    </ul>
  );
}

function Entry({ name, value }: { readonly name: string; readonly value: unknown }) {
  const isOpen = useSignal(false);
  if (typeof value !== 'object' || value === null || value instanceof SentNumber) {
    return (
      <li>
        <span class="key">{visible(name)}</span> <Value value={value} />
      </li>
    );
  }
  const what = Array.isArray(value) ? `list of ${value.length}` : `${Object.keys(value).length} fields`;
  return (
    <li>
      <button type="button" class="branch" aria-expanded={isOpen.value} onClick={() => (isOpen.value = !isOpen.value)}>
        <span class="key">{visible(name)}</span> {what}
      </button>
      {isOpen.value && <Entries value={value} />}
    </li>
  );
}

function Value({ value }: { readonly value: unknown }) {
  const text = value instanceof SentNumber ? value.text : String(value);
  const isWord = typeof value === 'string' || value instanceof SentNumber;
  const canAsk = isWord && text.length >= wordCharactersMin && text.length <= wordCharactersMax;
  return (
    <span>
      {visible(text)}
      {canAsk && <TermButtons term={quoteIfNeeded(text, true)} isDeniable />}
    </span>
  );
}
