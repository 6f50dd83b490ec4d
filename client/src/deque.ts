/** First in, first out, without moving what stays. */
export class Deque<Item> {
  #items: (Item | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  first(): Item | undefined {
    return this.#items[this.#head];
  }

  /** The nth, 0 being the first. */
  at(nth: number): Item | undefined {
    return this.#items[this.#head + nth];
  }

  shift(): Item | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** All of it, in order; it is empty then. */
  takeAll(): Item[] {
    const items = this.#items.slice(this.#head) as Item[]; // what was let go lies before the head
    this.#items = [];
    this.#head = 0;
    return items;
  }
}
