/** What could be typed next, below the filter's input: a combobox with a list. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { numberText, visible } from '../base/text.ts';
import { type Completion, completionsOf } from './completions.ts';

export interface CompletionState {
  readonly attributes: Readonly<Record<string, string | boolean | undefined>>;
  readonly items: readonly Completion[];
  readonly at: number;
  readonly take: (item: Completion) => void;
  readonly open: () => void;
  readonly close: () => void;
  /** Whether the key was for the list. */
  readonly pressed: (event: KeyboardEvent) => boolean;
}

const listId = 'filter-completions';
const quietMs = 120;

export function useCompletion(text: Signal<string>, complete: (text: string) => void): CompletionState {
  const items = useSignal<readonly Completion[]>([]);
  const at = useSignal(-1);
  const isOpen = useSignal(false);
  const typed = text.value;
  useEffect(() => {
    at.value = -1;
    if (!isOpen.value) return;
    const ending = new AbortController();
    const timer = setTimeout(async () => {
      const found = await completionsOf(typed, ending.signal);
      if (!ending.signal.aborted) items.value = found;
    }, quietMs);
    return () => {
      clearTimeout(timer);
      ending.abort();
    };
  }, [typed, isOpen.value]);
  const shown = isOpen.value ? items.value : [];
  const take = (item: Completion): void => complete(item.text);
  const move = (by: number): void => {
    at.value = (at.value + by + shown.length + (at.value < 0 && by < 0 ? 1 : 0)) % shown.length;
  };
  return {
    attributes: {
      role: 'combobox',
      'aria-expanded': shown.length > 0,
      'aria-controls': listId,
      'aria-autocomplete': 'list',
      'aria-activedescendant': at.value >= 0 ? `${listId}-${at.value}` : undefined,
    },
    items: shown,
    at: at.value,
    take,
    open: () => (isOpen.value = true),
    close: () => (isOpen.value = false),
    pressed(event) {
      if (shown.length === 0) return false;
      const chosen = shown[at.value];
      if (event.key === 'ArrowDown') move(1);
      else if (event.key === 'ArrowUp') move(-1);
      else if (event.key === 'Escape') items.value = [];
      else if ((event.key === 'Enter' || event.key === 'Tab') && chosen !== undefined) take(chosen);
      else return false;
      event.preventDefault();
      return true;
    },
  };
}

export function CompletionList({ completion }: { readonly completion: CompletionState }) {
  const { items, at, take } = completion;
  return (
    <div
      id={listId}
      class="completions"
      role="listbox"
      aria-label="What could be typed next"
      hidden={items.length === 0}
    >
      {items.map((item, place) => (
        <div
          key={item.text}
          id={`${listId}-${place}`}
          role="option"
          tabIndex={-1}
          class={place === at ? 'option chosen' : 'option'}
          aria-selected={place === at}
          onMouseDown={(event) => {
            event.preventDefault();
            take(item);
          }}
        >
          <span>{visible(item.text)}</span>
          <span class="count">{item.count === null ? item.about : numberText(item.count)}</span>
        </div>
      ))}
    </div>
  );
}
