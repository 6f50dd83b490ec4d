/** The keys, and the language of the filter. */
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { views } from '../base/address.ts';

export const isHelpOpen = signal(false);

const keys: readonly (readonly [key: string, what: string])[] = [
  ['/', 'go to the filter'],
  ['j, k', 'next and previous row'],
  ['Enter', 'open the row, or close it'],
  ['Escape', 'close'],
  ['space', 'pause, or go on'],
  ['n', 'jump to now'],
  [views.map((_, at) => at + 1).join(', '), `${views.join(', ')}`],
  ['?', 'this help'],
];

const terms: readonly (readonly [term: string, what: string])[] = [
  ['event:order.paid', 'the name; event:order.* begins so; -event:… leaves out'],
  ['resource:order.7', 'the resource; resource:order.* begins so'],
  ['region=eu', 'a label of the resource; * and ? fit anything; -region=eu is not'],
  ['related:user.7&role=buyer', 'a related resource; any:… the resource too'],
  ['refund', 'a word of the event; -refund not; "two words" both in a row'],
  ['since:10m until:2026-11-29T08:30:00Z', 'when it occurred'],
];

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = isHelpOpen.value;
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  return (
    <dialog ref={dialog} aria-labelledby="help-title" onClose={() => (isHelpOpen.value = false)}>
      <h2 id="help-title">Keys</h2>
      <Pairs pairs={keys} />
      <h2>Filter</h2>
      <p>Different fields must all fit; the same field again means either.</p>
      <Pairs pairs={terms} />
      <form method="dialog">
        <button type="button" onClick={() => (isHelpOpen.value = false)}>
          Close
        </button>
      </form>
    </dialog>
  );
}

function Pairs({ pairs }: { readonly pairs: readonly (readonly [string, string])[] }) {
  return (
    <dl>
      {pairs.map(([what, meaning]) => (
        <div key={what}>
          <dt>
            <kbd>{what}</kbd>
          </dt>
          <dd>{meaning}</dd>
        </div>
      ))}
    </dl>
  );
}
