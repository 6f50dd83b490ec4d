/** Keys that hold everywhere, but where a person types. */
import { go, views } from '../base/address.ts';
import { filterInputId } from '../filter/filter-bar.tsx';
import { isHelpOpen } from './help.tsx';

type Action = (event: KeyboardEvent) => void;

const everywhere: Readonly<Record<string, Action>> = {
  '/': () => document.getElementById(filterInputId)?.focus(),
  '?': () => {
    isHelpOpen.value = true;
  },
  ...Object.fromEntries(views.map((view, at) => [at + 1, () => go({ view })])),
};

/** `own`: those of a view, by key. Gives what takes them away again. */
export function listenToKeys(own: Readonly<Record<string, Action>> = everywhere): () => void {
  const pressed = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    // Its signal hears of the end a little later.
    if (document.querySelector('dialog[open]') !== null) return;
    const { target } = event;
    const isTyping = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
    const isPressing = target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement;
    if (isTyping || (isPressing && isOfButton(event.key, target))) return;
    const action = Object.hasOwn(own, event.key) ? own[event.key] : undefined;
    if (action === undefined) return;
    event.preventDefault();
    action(event);
  };
  addEventListener('keydown', pressed);
  return () => removeEventListener('keydown', pressed);
}

/** Enter and space press what has the focus. A row is opened by Enter alone. */
function isOfButton(key: string, target: Element): boolean {
  return key === 'Enter' || (key === ' ' && !target.classList.contains('line'));
}
