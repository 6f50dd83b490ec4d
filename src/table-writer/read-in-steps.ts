/**
 * The rows of a batch that are no longer in memory, read from the journal a step at a time: reading and checking a
 * whole batch at once held up everybody for 44 ms. All batches go into the same memory: new memory for each would be
 * garbage by the hundred MB.
 */
import type { ChunkMemory, LogChunk, LogReader } from '../event-log/log-reader.ts';

/** Half a millisecond's work. */
const stepBytes = 1024 * 1024;
/** Of the largest batch that is usual. The system gives what is written to, not what is asked for. */
const usualBytes = 34 * 1024 * 1024;
/** Of a batch's bytes, for what is read beside its rows. */
const roomShare = 17 / 16;
/**
 * Longer than an insert may take. Who falls behind soon does so again, and memory that comes and goes has V8 mark its
 * whole heap, while subscribers wait (decision 027).
 */
const keptMs = 180_000;

/** Reads batches, one after the other: the rows of each are good until the next is asked for. */
export class StepReader {
  readonly #journal: Pick<LogReader, 'readDay' | 'epochOf'>;
  readonly #memoryBytes: number;
  readonly #pause: () => Promise<void>;
  #memory: ChunkMemory | null = null;
  /** Gives the memory back once nothing was read for a time. */
  #unused: NodeJS.Timeout | null = null;

  /** `bytesMax`: of a batch, but for one that was announced under another bound. */
  constructor(journal: Pick<LogReader, 'readDay' | 'epochOf'>, bytesMax: number, pause = nextTurn) {
    this.#journal = journal;
    this.#memoryBytes = Math.min(usualBytes, Math.ceil(bytesMax * roomShare));
    this.#pause = pause;
  }

  /**
   * Committed events with seq in [from, upTo], of one epoch and one UTC day of `received`, up to `bytesMax` bytes of
   * rows but at least one. Nothing may be trimmed meanwhile. Rejects with Failure pastRetention or journalFailed.
   */
  async readDay(from: number, bytesMax: number, upTo: number): Promise<LogChunk> {
    const memory = this.#lend();
    let { first, last, rows } = this.#journal.readDay(from, Math.min(stepBytes, bytesMax), upTo, memory);
    memory.bytes = rows.length;
    while (last >= first && last < upTo && memory.bytes < bytesMax) {
      await this.#pause();
      const room = Math.min(stepBytes, bytesMax - memory.bytes);
      const next = this.#journal.readDay(last + 1, room, upTo, memory);
      const isOver = next.count === 0 || next.first !== last + 1 || memory.bytes + next.rows.length > bytesMax;
      if (isOver || this.#journal.epochOf(next.first) !== this.#journal.epochOf(first)) break;
      memory.bytes += next.rows.length;
      last = next.last;
    }
    rows = memory.buffer.subarray(0, memory.bytes);
    return { first, last, count: last - first + 1, rows };
  }

  #lend(): ChunkMemory {
    this.#unused =
      this.#unused?.refresh() ??
      setTimeout(() => {
        this.#memory = null;
        this.#unused = null;
      }, keptMs).unref();
    this.#memory ??= { buffer: Buffer.allocUnsafeSlow(this.#memoryBytes), bytes: 0 };
    this.#memory.bytes = 0;
    return this.#memory;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
