/**
 * Sums over the rows of a replica, one for each stretch of seqs: two gateways whose sums of one stretch differ do not
 * have the same log (I2). A stretch that was not seen as a whole in one life of the process has none.
 */
import { crc32 } from '../base/crc32.ts';

export interface StretchSum {
  /** The stretch ends here. */
  readonly upTo: number;
  readonly sum: number;
}

const stretchSeqs = 65_536;
const keptMax = 4;

export class ReplicaSums {
  readonly #firstSeq: number;
  readonly #stretch: number;
  /** Of the stretch under way; null where its beginning was not seen. */
  #sum: number | null = null;
  #next: number;
  #kept: readonly StretchSum[] = [];

  /** `next`: the seq of the next row. */
  constructor({ firstSeq, next, stretch = stretchSeqs }: { firstSeq: number; next: number; stretch?: number }) {
    this.#firstSeq = firstSeq;
    this.#stretch = stretch;
    this.#next = next;
  }

  /** The newest, oldest first. */
  get sums(): readonly StretchSum[] {
    return this.#kept;
  }

  /** A row was appended; one of another seq than the next follows rows that were taken back. */
  take(seq: number, row: Buffer): void {
    const isNext = seq === this.#next;
    this.#next = seq + 1;
    const place = (seq - this.#firstSeq) % this.#stretch;
    if (place === 0) this.#sum = 0;
    else if (!isNext) this.#sum = null;
    this.#kept = isNext ? this.#kept : this.#kept.filter(({ upTo }) => upTo < seq);
    if (this.#sum === null) return;
    this.#sum = (Math.imul(this.#sum, 31) + crc32(row)) >>> 0;
    if (place === this.#stretch - 1) this.#kept = [...this.#kept, { upTo: seq, sum: this.#sum }].slice(-keptMax);
  }
}

/** The end of a stretch of which both have a sum, and another one each; null if there is none. */
export function differAt(own: readonly StretchSum[], others: readonly StretchSum[]): number | null {
  const found = own.find(({ upTo, sum }) => others.some((other) => other.upTo === upTo && other.sum !== sum));
  return found?.upTo ?? null;
}

export function areSums(value: unknown): value is readonly StretchSum[] {
  if (!Array.isArray(value)) return false;
  return value.every((each: Partial<StretchSum> | null) => [each?.upTo, each?.sum].every(Number.isSafeInteger));
}
