/**
 * What was sent and is not yet known to be kept by Prefect: it answers when it has a batch in memory, and writes it
 * down some seconds later. A batch counts as kept once that time has passed and Prefect was there all the while.
 */
import type { PassingEvent } from './passing-events.ts';

export interface SentBatch {
  /** Of those that were asked for: the first seq. Null for a batch that was sent once. */
  readonly first: number | null;
  /** Up to this seq nothing is left to send. */
  readonly last: number;
  /** One of those that Prefect took; null if it took none. */
  readonly event: Pick<PassingEvent, 'id' | 'occurred'> | null;
  readonly sentMs: number;
  /** How often some of it were sent again; 0 once they are known to be kept. */
  readonly triesAgain: number;
  /** Prefect did not show all of it when it was asked after the last of these. */
  readonly isMissing: boolean;
}

/** A batch of which some were sent again. */
export type BatchAgain = SentBatch & { readonly first: number };

export interface SentTimes {
  readonly settleMs: number;
  /** For so long Prefect may take what is sent again for a repeat, though it has lost it. */
  readonly repeatMs: number;
}

export class SentBatches {
  readonly #times: SentTimes;
  #batches: SentBatch[] = [];

  constructor(times: SentTimes) {
    this.#times = times;
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  /** In the order of `last`. */
  add(batch: SentBatch): void {
    this.#batches.push(batch);
  }

  /** The newest that is old enough as are all before it; null if there is none. */
  settled(nowMs: number): SentBatch | null {
    let settled: SentBatch | null = null;
    for (const batch of this.#batches) {
      if (batch.triesAgain > 0 || nowMs - batch.sentMs < this.#times.settleMs) break;
      settled = batch;
    }
    return settled;
  }

  /** The first that is due to be asked for, as some of it were sent again: soon, and then when sending it may help. */
  again(nowMs: number): BatchAgain | null {
    const { settleMs, repeatMs } = this.#times;
    for (const batch of this.#batches) {
      const { first, triesAgain, sentMs, isMissing } = batch;
      if (first === null || triesAgain === 0) continue;
      if (nowMs - sentMs >= (isMissing ? repeatMs : settleMs)) return { ...batch, first };
    }
    return null;
  }

  /** The batch that ends where this one does is this one now. */
  replace(batch: SentBatch): void {
    this.#batches = this.#batches.map((each) => (each.last === batch.last ? batch : each));
  }

  /** Those up to this seq are kept. */
  forget(upTo: number): void {
    this.#batches = this.#batches.filter(({ last }) => last > upTo);
  }

  clear(): void {
    this.#batches = [];
  }
}
