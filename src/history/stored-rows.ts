/**
 * Rows of an answer of ClickHouse where they lie: read as bytes, one at a time, and framed in place, so that a row that
 * is passed on costs neither an object, nor a copy, nor a decoded text (I2).
 */
import type { Place } from './position.ts';

export interface HistoryRow extends Place {
  readonly seq: number;
  readonly raw: string | EventBytes;
}

/** The text of an event as bytes. To be framed last: that overwrites the place of its row. */
export interface EventBytes {
  readonly length: number;
  toString(): string;
  /** The text between `head` and one last byte; valid as long as the rows are. */
  framed(head: Buffer, last: number): Uint8Array;
}

const tab = 0x09;
const newline = 0x0a;
/** A UUID, and a time with microseconds, as ClickHouse prints them. */
const idBytes = 36;
const occurredBytes = 26;

/** Blocks of whole lines of `seq, id, occurred, raw`. */
export class StoredRows implements Iterable<HistoryRow> {
  readonly #blocks: { readonly bytes: Buffer; readonly ends: readonly number[] }[] = [];
  #last: StoredRow | null = null;
  bytes = 0;

  /** Takes the rows of a block, up to and with the one that fills `rowsMax` or `bytesMax`; says how much that was. */
  add(block: Buffer, rowsMax: number, bytesMax: number): { readonly rows: number; readonly bytes: number } {
    const ends: number[] = [];
    let at = 0;
    let start = 0;
    while (at < block.length && at < bytesMax && ends.length < rowsMax) {
      start = at;
      at = block.indexOf(newline, at) + 1;
      if (at === 0) throw new Error('ClickHouse gave half a row');
      ends.push(at - 1);
    }
    this.#blocks.push({ bytes: block, ends });
    if (ends.length > 0) this.#last = new StoredRow().moveTo(block, start, at - 1);
    this.bytes += at;
    return { rows: ends.length, bytes: at };
  }

  /** To be asked before a row is framed. */
  get last(): Place | null {
    return this.#last === null ? null : { occurred: this.#last.occurred, id: this.#last.id };
  }

  /** Each row is valid until the next one. */
  *[Symbol.iterator](): Generator<HistoryRow> {
    const row = new StoredRow();
    for (const { bytes, ends } of this.#blocks) {
      let start = 0;
      for (const end of ends) {
        yield row.moveTo(bytes, start, end);
        start = end + 1;
      }
    }
  }
}

class StoredRow implements HistoryRow, EventBytes {
  #block: Buffer = Buffer.alloc(0);
  #start = 0;
  #idStart = 0;
  #end = 0;
  seq = 0;

  moveTo(block: Buffer, start: number, end: number): this {
    let at = start;
    let seq = 0;
    for (; at < end && block[at] !== tab; at += 1) seq = seq * 10 + ((block[at] ?? 0) - 48);
    this.seq = seq;
    this.#block = block;
    this.#start = start;
    this.#idStart = at + 1;
    this.#end = end;
    const isRow = block[at + 1 + idBytes] === tab && block[this.#rawStart - 1] === tab && this.#rawStart <= end;
    if (!isRow) throw new Error('ClickHouse gave a row of another form');
    return this;
  }

  get id(): string {
    return this.#block.toString('latin1', this.#idStart, this.#idStart + idBytes);
  }

  get occurred(): string {
    const start = this.#idStart + idBytes + 1;
    return this.#block.toString('latin1', start, start + occurredBytes);
  }

  get raw(): EventBytes {
    return this;
  }

  get #rawStart(): number {
    return this.#idStart + idBytes + occurredBytes + 2;
  }

  get length(): number {
    return this.#end - this.#rawStart;
  }

  toString(): string {
    return this.#block.toString('utf8', this.#rawStart, this.#end);
  }

  framed(head: Buffer, last: number): Uint8Array {
    const rawStart = this.#rawStart;
    const from = rawStart - head.length;
    if (from < this.#start) throw new Error('A head is longer than the row before its text');
    this.#block.set(head, from);
    // In place of the newline.
    this.#block[this.#end] = last;
    return this.#block.subarray(from, this.#end + 1);
  }
}
