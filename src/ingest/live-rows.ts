/**
 * Rows of events that wait to be handed to live delivery, in memory that is used again: bytes of their own for each event are
 * what makes V8 mark its whole heap several times a second, and who subscribes then waits for that.
 */
import { LoggedEvent } from '../journal/logged-event.ts';

const blockBytes = 1024 * 1024;

export class LiveRows {
  #block = Buffer.alloc(0);
  #used = 0;

  /** Copies a row. The event is to be looked at before `clear`. */
  keep(row: Buffer): LoggedEvent {
    const at = this.#used;
    if (at + row.length > this.#block.length) return this.#begin(row);
    row.copy(this.#block, at);
    this.#used += row.length;
    return new LoggedEvent(this.#block, at, this.#used);
  }

  /** Nobody looks at any of the events any more. */
  clear(): void {
    this.#used = 0;
    if (this.#block.length > blockBytes) this.#block = Buffer.alloc(0);
  }

  /** The events before keep their block. */
  #begin(row: Buffer): LoggedEvent {
    this.#block = Buffer.allocUnsafeSlow(Math.max(blockBytes, row.length));
    this.#used = 0;
    return this.keep(row);
  }
}
