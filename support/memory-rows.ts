/**
 * Rows of a log in memory, as its readers ask for them.
 */
import { Failure } from '../src/base/errors.ts';
import type { ChunkMemory, LogChunk, VisitId } from '../src/event-log/log-reader.ts';
import { formatRow, type TaggedRow } from '../src/event-log/row.ts';

const dayCharacters = 10;

/** Seqs begin with 1 and have no holes. */
export class MemoryRows {
  /** The first one has seq `#oldest`. */
  #rows: TaggedRow[] = [];
  #oldest = 1;
  #checkpoint = 0;

  get head(): number {
    return this.#oldest + this.#rows.length - 1;
  }
  get oldest(): number {
    return this.#oldest;
  }
  get checkpoint(): number {
    return this.#checkpoint;
  }
  get bytes(): number {
    return this.#rows.reduce((sum, row) => sum + formatRow(row).length, 0);
  }

  add(rows: readonly TaggedRow[]): void {
    for (const row of rows) {
      if (row.seq !== this.head + 1) throw new Error(`Row ${row.seq} comes after ${this.head}`);
      this.#rows.push(row);
    }
  }

  advance(seq: number): void {
    this.#checkpoint = Math.max(this.#checkpoint, seq);
  }

  trimTo(oldest: number): void {
    this.#rows.splice(0, oldest - this.#oldest);
    this.#oldest = Math.max(this.#oldest, oldest);
  }

  newestUpTo(seq: number): number {
    const newest = Math.min(seq, this.head);
    return newest >= this.#oldest ? newest : 0;
  }

  scanIds(visit: VisitId, after: number): void {
    for (const { id, occurred, seq, received, tag } of this.#rows) {
      if (seq > after) visit(id, occurred, seq, received, tag);
    }
  }

  read(from: number, bytesMax: number, upTo: number, oneDay: boolean, memory?: ChunkMemory): LogChunk {
    if (from < this.#oldest) throw new Failure('pastRetention', `The log begins at seq ${this.#oldest}`);
    const into = memory ?? { buffer: Buffer.alloc(0), bytes: 0 };
    const lines: Buffer[] = [];
    let bytes = 0;
    let day = oneDay && into.bytes > 0 ? dayOfLine(into.buffer.toString('utf8', 0, into.bytes)) : null;
    for (let seq = from; seq <= Math.min(upTo, this.head); seq += 1) {
      const row = this.#rows[seq - this.#oldest]!;
      const line = Buffer.from(formatRow(row));
      if (lines.length > 0 && bytes + line.length > bytesMax) break;
      if (oneDay && day !== null && row.received.slice(0, dayCharacters) !== day) break;
      day = row.received.slice(0, dayCharacters);
      lines.push(line);
      bytes += line.length;
    }
    const rows = laidBehind(into, Buffer.concat(lines));
    const first = lines.length > 0 ? from : Math.max(from, this.head + 1);
    return { first, last: first + lines.length - 1, count: lines.length, rows };
  }
}

/** Puts rows behind what the memory holds; gives them as they lie there. */
function laidBehind(memory: ChunkMemory, rows: Buffer): Buffer {
  const end = memory.bytes + rows.length;
  if (memory.buffer.length < end) {
    memory.buffer = Buffer.concat([memory.buffer.subarray(0, memory.bytes), Buffer.alloc(2 * rows.length)]);
  }
  rows.copy(memory.buffer, memory.bytes);
  return memory.buffer.subarray(memory.bytes, end);
}

function dayOfLine(line: string): string {
  return line.split('\t', 3)[2]?.slice(0, dayCharacters) ?? '';
}
