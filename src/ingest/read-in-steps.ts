/**
 * Rows that are no longer in memory, read from the journal a step at a time: reading and checking a whole batch at once held up
 * everybody for 44 ms.
 */
import type { Journal, JournalChunk } from '../journal/journal.ts';
import { isOfSameDay } from '../journal/row.ts';

/** Half a millisecond's work. */
const stepBytes = 1024 * 1024;
/** So that batches of nearly the same size find the same memory large enough. */
const roundTo = 4 * stepBytes;

/** Reads batches, one after the other: the rows of each are good until the next is asked for. */
export class StepReader {
  readonly #journal: Pick<Journal, 'readDay' | 'epochOf'>;
  readonly #pause: () => Promise<void>;
  #buffer = Buffer.alloc(0);

  constructor(journal: Pick<Journal, 'readDay' | 'epochOf'>, pause: () => Promise<void> = nextTurn) {
    this.#journal = journal;
    this.#pause = pause;
  }

  /** As Journal.readDay. Nothing may be trimmed meanwhile. */
  async readDay(from: number, bytesMax: number, upTo: number): Promise<JournalChunk> {
    const read = (at: number, room: number): JournalChunk => this.#journal.readDay(at, Math.min(stepBytes, room), upTo);
    const first = read(from, bytesMax);
    let { last } = first;
    if (first.count === 0 || last >= upTo) return first;
    let bytes = this.#put(first.rows, 0);
    while (last < upTo && bytes < bytesMax) {
      await this.#pause();
      const next = read(last + 1, bytesMax - bytes);
      const isOver = next.count === 0 || next.first !== last + 1 || bytes + next.rows.length > bytesMax;
      if (isOver || this.#journal.epochOf(next.first) !== this.#journal.epochOf(from)) break;
      const end = this.#put(next.rows, bytes);
      if (!isOfSameDay(this.#buffer, 0, bytes)) break;
      bytes = end;
      last = next.last;
    }
    return { first: from, last, count: last - from + 1, rows: this.#buffer.subarray(0, bytes) };
  }

  /** Puts rows behind the first bytes; gives where they end. */
  #put(rows: Buffer, at: number): number {
    const end = at + rows.length;
    if (this.#buffer.length < end) {
      // A few times at the most, and then never again.
      const grown = Buffer.allocUnsafe(Math.ceil(Math.max(end, 2 * this.#buffer.length) / roundTo) * roundTo);
      this.#buffer.copy(grown, 0, 0, at);
      this.#buffer = grown;
    }
    rows.copy(this.#buffer, at);
    return end;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
