/**
 * Rows of events that wait to be handed to live delivery, in memory that is used again (I2, decision 027): bytes of
 * their own for each event are what makes V8 mark its whole heap several times a second, and who subscribes then waits
 * for that.
 */
import { LoggedEvent } from '../event-log/logged-event.ts';

const blockBytes = 1024 * 1024;
/** Free blocks that are kept for the next rows. */
const freeMax = 4;

interface Block {
  readonly memory: Buffer;
  used: number;
  /** The newest event that lies in it. */
  lastSeq: number;
}

export class LiveRows {
  /** In seq order; rows go to the last one. */
  readonly #blocks: Block[] = [];
  readonly #free: Block[] = [];

  /** Copies a row, in seq order. The event is to be looked at before it is let go. */
  keep(row: Buffer): LoggedEvent {
    const block = this.#blockFor(row.length);
    const at = block.used;
    row.copy(block.memory, at);
    block.used += row.length;
    const event = new LoggedEvent(block.memory, at, block.used);
    block.lastSeq = event.seq;
    return event;
  }

  /** Nobody looks at events up to this seq any more. */
  letGo(upToSeq: number): void {
    while (this.#blocks.length > 0 && this.#blocks[0]!.lastSeq <= upToSeq) {
      const block = this.#blocks.shift()!;
      if (this.#free.length >= freeMax || block.memory.length > blockBytes) continue;
      block.used = 0;
      this.#free.push(block);
    }
  }

  #blockFor(bytes: number): Block {
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.used + bytes <= last.memory.length) return last;
    const free = bytes <= blockBytes ? this.#free.pop() : undefined;
    const block = free ?? { memory: Buffer.allocUnsafeSlow(Math.max(blockBytes, bytes)), used: 0, lastSeq: 0 };
    this.#blocks.push(block);
    return block;
  }
}
