/**
 * Where live delivery begins: each group of events, once it is durable, in seq order (I2). The mark is the newest seq
 * handed out.
 */
import { type Observable, Subject } from 'rxjs';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { textLength } from '../event-log/logged-event.ts';

/**
 * In seq order, about `batchLengthMax` of text at the most; empty where nobody was there to hear of the events. To be
 * looked at while it is handed out: the memory of its events is used again.
 */
export type LiveBatch = readonly StoredEvent[];

/**
 * After each batch subscribers that lag are looked for: what a large group adds to one's waiting bytes stays bounded
 * (I5).
 */
const batchLengthMax = 256 * 1024;

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

  /** Hands out a group of events, in batches. */
  publish(group: readonly StoredEvent[]): void {
    let from = 0;
    let length = 0;
    for (const [at, event] of group.entries()) {
      length += textLength(event);
      if (length < batchLengthMax && at < group.length - 1) continue;
      this.#publishBatch(from === 0 && at === group.length - 1 ? group : group.slice(from, at + 1), event.seq);
      from = at + 1;
      length = 0;
    }
  }

  /** All up to this seq counts as handed out. */
  pass(last: number): void {
    this.#publishBatch([], last);
  }

  /** The mark moves first: a subscriber who joins or leaves while a batch is handed out stands at its end. */
  #publishBatch(batch: LiveBatch, last: number): void {
    this.#mark = last;
    this.#batches.next(batch);
  }

  close(): void {
    this.#batches.complete();
  }
}
