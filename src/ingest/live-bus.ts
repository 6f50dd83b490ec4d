/**
 * Where live delivery begins: each group of events, once it is durable, in seq order (I2). The mark is the newest seq handed out.
 */
import { type Observable, Subject } from 'rxjs';
import type { StoredEvent } from '../../schemas/stored-event.ts';

/** In seq order, never empty. */
export type LiveBatch = readonly StoredEvent[];

export class LiveBus {
  readonly #batches = new Subject<LiveBatch>();
  #mark: number;

  /** The head at the start: what was recovered is in the log, not live. */
  constructor(mark: number) {
    this.#mark = mark;
  }

  get batches$(): Observable<LiveBatch> {
    return this.#batches;
  }

  get mark(): number {
    return this.#mark;
  }

  /** The mark moves first: a subscriber who joins or leaves while a batch is handed out stands at its end. */
  publish(batch: LiveBatch): void {
    const last = batch.at(-1);
    if (last === undefined) return;
    this.#mark = last.seq;
    this.#batches.next(batch);
  }

  close(): void {
    this.#batches.complete();
  }
}
