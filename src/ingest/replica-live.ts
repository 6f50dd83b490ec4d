/**
 * Hands events of a replica to live delivery: each as it was appended, once it is committed (I2).
 */
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { type Audience, handOut } from './audience.ts';
import type { LiveBus } from './live-bus.ts';
import { LiveRows } from './live-rows.ts';
import { WaitingEvents } from './waiting-events.ts';

export interface ReplicaLiveParts {
  readonly live: LiveBus;
  readonly audience: Audience;
  /** The row that was appended last; to be looked at during the call. */
  readonly lastRow: () => Buffer;
}

export class ReplicaLive {
  readonly #parts: ReplicaLiveParts;
  readonly #rows = new LiveRows();
  readonly #events = new WaitingEvents();
  #newest = 0;

  constructor(parts: ReplicaLiveParts) {
    this.#parts = parts;
  }

  /** An event was appended under this seq; one that is lower than the last takes the place of what was rolled back. */
  appended(seq: number): void {
    if (seq <= this.#newest) this.#events.dropAbove(seq - 1);
    this.#newest = seq;
    const event: StoredEvent | null = this.#parts.audience.isThere() ? this.#rows.keep(this.#parts.lastRow()) : null;
    this.#events.add([{ seq, bytes: 0, wasParked: false, event }]);
  }

  /** All up to this seq is committed. */
  committed(seq: number): void {
    handOut(this.#parts.live, this.#events.takeUpTo(seq), this.#parts.audience);
    this.#rows.letGo(seq);
  }
}
