/**
 * What was sent and is not yet known to be kept by Prefect: it answers when it has a batch in memory, and writes it
 * down some seconds later. A batch counts as kept once that time has passed and Prefect was there all the while.
 */
import type { PassingEvent } from './passing-events.ts';

export interface SentBatch {
  /** Up to this seq nothing is left to send. */
  readonly last: number;
  /** One of those that Prefect took; null if it took none. */
  readonly event: Pick<PassingEvent, 'id' | 'occurred'> | null;
  readonly sentMs: number;
}

export class SentBatches {
  readonly #settleMs: number;
  #batches: SentBatch[] = [];

  constructor(settleMs: number) {
    this.#settleMs = settleMs;
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
      if (nowMs - batch.sentMs < this.#settleMs) break;
      settled = batch;
    }
    return settled;
  }

  /** Those up to this seq are kept. */
  forget(upTo: number): void {
    this.#batches = this.#batches.filter(({ last }) => last > upTo);
  }

  clear(): void {
    this.#batches = [];
  }
}
