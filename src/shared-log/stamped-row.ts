/**
 * A row of a block on its way into the replica: number and both times of receipt are written anew, all else stays byte
 * for byte as the gateway wrote it that took the event (I2).
 */
import { idCharacters, timeCharacters } from '../event-log/row.ts';
import type { ReceiptTexts, RowSource } from '../event-log/row-source.ts';

const tab = 9;
const lineFeed = 10;
const dot = 46;
const receivedKey = Buffer.from(',"received":"');
/** A row ends in `"}` and a line feed behind a time, which has a fraction of six digits or none. */
const closing = Buffer.from('"}\n');
const longTime = '2026-01-02T03:04:05.678901Z'.length;
const shortTime = '2026-01-02T03:04:05Z'.length;
const columnsFromId = idCharacters + 1 + 2 * (timeCharacters + 1);
/** Of the number with its tab, and of the time in the text where that grows. */
const moreBytesMax = 40;

/** Where the row that begins at `at` ends, line feed and all; null if what stands there is no row. */
export function rowEnd(rows: Buffer, at: number): number | null {
  const id = rows.indexOf(tab, at) + 1;
  const end = rows.indexOf(lineFeed, at) + 1;
  if (id === 0 || end < id + columnsFromId + closing.length + shortTime) return null;
  const isTabbed =
    rows[id + idCharacters] === tab &&
    rows[id + idCharacters + 1 + timeCharacters] === tab &&
    rows[id + columnsFromId - 1] === tab;
  return isTabbed && receivedAt(rows, end) !== null ? end : null;
}

/** Where the time of receipt begins in the text of the row that ends at `end`; null if there is none. */
function receivedAt(rows: Buffer, end: number): number | null {
  const at = timeAt(rows, end);
  return has(rows, end - closing.length, closing) && has(rows, at - receivedKey.length, receivedKey) ? at : null;
}

/** The same of what is known to be a row. */
function timeAt(rows: Buffer, end: number): number {
  const timeEnd = end - closing.length;
  return timeEnd - (rows[timeEnd - longTime + shortTime - 1] === dot ? longTime : shortTime);
}

/** A loop: to call `compare` takes longer than to compare so few bytes, and it is asked twice of each row. */
function has(rows: Buffer, at: number, wanted: Buffer): boolean {
  for (let nth = 0; nth < wanted.length; nth += 1) if (rows[at + nth] !== wanted[nth]) return false;
  return true;
}

/** With which each of these rows begins. */
export function numbersIn(rows: Buffer, ends: readonly number[]): number[] {
  return ends.map((_, nth) => {
    const at = ends[nth - 1] ?? 0;
    return Number(rows.toString('latin1', at, rows.indexOf(tab, at)));
  });
}

export class StampedRow implements RowSource {
  rowBytesMax = 0;
  #rows: Buffer = Buffer.alloc(0);
  #begin = 0;
  #id = 0;
  #end = 0;

  /** Takes the row that lies in [at, end) in place of the one before; gives its id. */
  take(rows: Buffer, at: number, end: number): string {
    this.#rows = rows;
    this.#begin = at;
    this.#id = rows.indexOf(tab, at) + 1;
    this.#end = end;
    this.rowBytesMax = end - at + moreBytesMax;
    return rows.toString('latin1', this.#id, this.#id + idCharacters);
  }

  /** With which it begins. */
  get number(): number {
    return Number(this.#rows.toString('latin1', this.#begin, this.#id - 1));
  }

  /** All of it, line feed and all. */
  get text(): string {
    return this.#rows.toString('utf8', this.#begin, this.#end);
  }

  /** As in the row. */
  get occurred(): string {
    const at = this.#id + columnsFromId - 1 - timeCharacters;
    return this.#rows.toString('latin1', at, at + timeCharacters);
  }

  writeRow(into: Buffer, at: number, number: number, { received, column }: ReceiptTexts): number {
    const id = at + into.write(`${number}\t`, at, 'latin1');
    const text = timeAt(this.#rows, this.#end);
    const time = id + this.#rows.copy(into, id, this.#id, text);
    into.write(column, id + idCharacters + 1, 'latin1');
    return time + into.write(`${received}"}\n`, time, 'latin1');
  }
}
