/** The newest rows, bounded by their number and their characters: the oldest goes when one comes too many. */
import { charactersOf, type Row } from './rows.ts';

/** Characters of the largest event that a server takes, with some room. */
const largestRow = 2_000_000;

export class Ring {
  readonly #rowsMax: number;
  readonly #charactersMax: number;
  readonly #slots: (Row | undefined)[] = [];
  #first = 0;
  #length = 0;
  #characters = 0;

  constructor(rowsMax: number, charactersMax: number) {
    this.#rowsMax = rowsMax;
    this.#charactersMax = charactersMax;
  }

  get length(): number {
    return this.#length;
  }

  /** Another row, however large, might push one out. */
  get isFull(): boolean {
    return this.#length >= this.#rowsMax || this.#characters >= this.#charactersMax - largestRow;
  }

  /** 0 is the oldest. */
  at(index: number): Row | undefined {
    return index < 0 || index >= this.#length ? undefined : this.#slots[(this.#first + index) % this.#rowsMax];
  }

  /** Of the row with that number; -1 where there is none. Numbers rise from row to row, and some may be left out. */
  indexOf(nr: number): number {
    let low = 0;
    let high = this.#length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.at(middle)?.nr ?? Number.NaN;
      if (found === nr) return middle;
      if (found < nr) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  push(row: Row): void {
    if (this.#length === this.#rowsMax) this.#dropOldest();
    this.#slots[(this.#first + this.#length) % this.#rowsMax] = row;
    this.#length += 1;
    this.#characters += charactersOf(row);
    while (this.#characters > this.#charactersMax && this.#length > 1) this.#dropOldest();
  }

  clear(): void {
    this.#slots.length = 0;
    this.#first = 0;
    this.#length = 0;
    this.#characters = 0;
  }

  #dropOldest(): void {
    const row = this.#slots[this.#first];
    if (row !== undefined) this.#characters -= charactersOf(row);
    this.#slots[this.#first] = undefined;
    this.#first = (this.#first + 1) % this.#rowsMax;
    this.#length -= 1;
  }
}
