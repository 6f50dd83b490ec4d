/**
 * Where in a segment a seq is to be found, to within one bounded scan: one entry for each 32 kB.
 */
export const strideBytes = 32 * 1024;

export class SparseIndex {
  readonly #seqs: number[] = [];
  readonly #offsets: number[] = [];
  readonly #start: number;

  /** `start`: where the first record of the segment begins. */
  constructor(start: number) {
    this.#start = start;
  }

  /** Takes note of an event's record if it lies a stride behind the last noted one. */
  note(seq: number, offset: number): void {
    if (offset - (this.#offsets.at(-1) ?? this.#start) < strideBytes) return;
    this.#seqs.push(seq);
    this.#offsets.push(offset);
  }

  /** Where to begin to look for `seq`: less than two strides before its record. */
  floor(seq: number): number {
    return this.#offsets[this.#firstAbove(seq) - 1] ?? this.#start;
  }

  /** A record's offset behind all that is up to `seq`; null if the segment's end is the nearest known. */
  ceiling(seq: number): number | null {
    return this.#offsets[this.#firstAbove(seq)] ?? null;
  }

  #firstAbove(seq: number): number {
    let low = 0;
    let high = this.#seqs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#seqs[middle]! <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
