/** What has come and was not asked for yet, and who waits for it: one reader. */
import { Deque } from './deque.ts';

interface Reader<Item> {
  readonly resolve: (item: Item | null) => void;
  readonly reject: (error: unknown) => void;
}

export class Inbox<Item> {
  readonly #items = new Deque<{ readonly item: Item; readonly characters: number }>();
  #characters = 0;
  #reader: Reader<Item> | null = null;
  /** Behind the last item. */
  #ending: { readonly error: unknown } | 'end' | null = null;

  get characters(): number {
    return this.#characters;
  }

  /** Nothing waits, but a reader. */
  get isAwaited(): boolean {
    return this.#reader !== null;
  }

  push(item: Item, characters: number): void {
    const reader = this.#reader;
    if (reader !== null) {
      this.#reader = null;
      reader.resolve(item);
      return;
    }
    this.#characters += characters;
    this.#items.push({ item, characters });
  }

  /** The next item, or undefined where none has come. */
  shift(): Item | undefined {
    const next = this.#items.shift();
    if (next === undefined) return undefined;
    this.#characters -= next.characters;
    return next.item;
  }

  /** Resolves with the next item, or null at the end; rejects with what it failed with. */
  wait(): Promise<Item | null> {
    if (this.#reader !== null) throw new Error('The next message is waited for already');
    return new Promise((resolve, reject) => {
      if (this.#ending === null) this.#reader = { resolve, reject };
      else if (this.#ending === 'end') resolve(null);
      else {
        reject(this.#ending.error);
        this.#ending = 'end';
      }
    });
  }

  /** The reader hears of it once it has what came before. */
  fail(error: unknown): void {
    this.#end({ error });
  }

  /** At once: what came before is dropped. */
  close(ending: { readonly error: unknown } | 'end'): void {
    this.#items.takeAll();
    this.#characters = 0;
    this.#end(ending);
  }

  #end(ending: { readonly error: unknown } | 'end'): void {
    const reader = this.#reader;
    this.#reader = null;
    this.#ending = reader === null ? ending : 'end';
    if (ending === 'end') reader?.resolve(null);
    else reader?.reject(ending.error);
  }
}
