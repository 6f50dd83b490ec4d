/**
 * Warns once a minute while the journal is nearly full of events that wait for Prefect.
 */
import type { Log } from '../base/log.ts';
import type { OwnEvents } from '../event-log/own-events.ts';

export interface RoomParts {
  readonly events: Pick<OwnEvents, 'bytes' | 'bytesMax'>;
  readonly elapsedMs: () => number;
  readonly log: Log;
}

/** Of the journal's budget. */
const roomWarned = 0.8;
const warnEveryMs = 60_000;

export class RoomWarning {
  readonly #parts: RoomParts;
  #againAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: RoomParts) {
    this.#parts = parts;
  }

  /** `isWaiting`: whether anything is; `reason`: why, as far as is known. */
  look(isWaiting: boolean, reason: string): void {
    const { events, elapsedMs, log } = this.#parts;
    const { bytes, bytesMax } = events;
    if (!isWaiting || bytes <= roomWarned * bytesMax || elapsedMs() < this.#againAtMs) return;
    this.#againAtMs = elapsedMs() + warnEveryMs;
    const what = 'the journal is nearly full of events that wait for Prefect; once it is, producers get 503';
    log.warn({ bytes, bytesMax, reason }, what);
  }
}
