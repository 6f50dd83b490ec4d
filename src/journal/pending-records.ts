/**
 * Records that are appended and not yet written, encoded back to back in one buffer that is used again and again: the
 * hot path of intake.
 */

import { Failure } from '../base/errors.ts';
import { claimedBytes, payloadBytesMax, recordHeaderBytes, recordKind, sealRecord } from '../base/record.ts';
import type { AppliedMark } from '../event-log/replica-log.ts';
import type { ReceiptTexts, RowSource } from '../event-log/row-source.ts';
import { decodeMark, encodeMark } from './applied-marks.ts';
import { parkedNumber } from './parked-records.ts';
import {
  type eventKindOf,
  isEventKind,
  isParkedKind,
  type parkedKindOf,
  recordKinds,
  tagBytesOf,
  writeTag,
} from './record-kinds.ts';
import { strideBytes } from './sparse-index.ts';

const bufferBytes = 1024 * 1024;
/** A buffer that grew beyond this for one group is given back after it. */
const keptBytesMax = 16 * bufferBytes;
/** Far above what one turn of the event loop can bring; the edge's own bounds come first. */
const pendingBytesMax = 1024 * bufferBytes;
/** Of a record that is no event, at most; and of what stands behind a row. */
const smallBytesMax = 64;

/** Of an event or a parked one. */
export type RowKind = ReturnType<typeof eventKindOf> | ReturnType<typeof parkedKindOf>;

export class PendingRecords {
  #buffer = Buffer.allocUnsafe(bufferBytes);
  #count = 0;
  #bytes = 0;
  /** Where the row begins, header and all, that was taken last. */
  #lastAt = 0;
  #newestParked = 0;
  #applied: AppliedMark | null = null;
  /** For the sparse index: some records' places, each about a stride behind the last. */
  #marks: { nth: number; offset: number }[] = [];

  get buffer(): Buffer {
    return this.#buffer;
  }
  /** Events. */
  get count(): number {
    return this.#count;
  }
  get bytes(): number {
    return this.#bytes;
  }
  /** The number of the newest parked event; 0 if there is none. */
  get newestParked(): number {
    return this.#newestParked;
  }
  /** The newest mark; null if there is none. */
  get applied(): AppliedMark | null {
    return this.#applied;
  }
  get marks(): readonly { readonly nth: number; readonly offset: number }[] {
    return this.#marks;
  }

  /**
   * Encodes an event, parked or not, behind what is taken, and gives its bytes; it counts only once it is taken.
   * `number` is that of its row, `tag` that of its forced label.
   */
  encode(kind: RowKind, seq: number, number: number, row: RowSource, receipt: ReceiptTexts, tag: number): number {
    const at = this.#bytes;
    this.#reserve(at + recordHeaderBytes + row.rowBytesMax + smallBytesMax);
    const start = at + recordHeaderBytes;
    let end = row.writeRow(this.#buffer, start, number, receipt);
    if (end - start > payloadBytesMax) throw new Error('a row is larger than any event can be');
    if (tag !== 0) end = writeTag(this.#buffer, tag, end);
    sealRecord(this.#buffer, at, kind, seq, end - start);
    return end - at;
  }

  /** The row that was taken last, without its line feed; to be looked at before the next one. */
  lastRow(): Buffer {
    const end = this.#lastAt + claimedBytes(this.#buffer, this.#lastAt);
    const tag = tagBytesOf(recordKind(this.#buffer, this.#lastAt));
    return this.#buffer.subarray(this.#lastAt + recordHeaderBytes, end - tag - 1);
  }

  /** Takes the parked event that was just encoded. */
  takeParked(bytes: number, number: number): void {
    this.#newestParked = number;
    this.#lastAt = this.#bytes;
    this.#bytes += bytes;
  }

  /** Notes that a parked event is settled. Gives the bytes of the record. */
  settle(seq: number, number: number): number {
    const at = this.#bytes;
    this.#reserve(at + smallBytesMax);
    const bytes = this.#buffer.write(String(number), at + recordHeaderBytes, 'latin1');
    sealRecord(this.#buffer, at, recordKinds.parkedSettled, seq, bytes);
    this.#bytes += recordHeaderBytes + bytes;
    return recordHeaderBytes + bytes;
  }

  /** Notes how far the shared log is applied. Gives the bytes of the record. */
  noteApplied(seq: number, mark: AppliedMark): number {
    const at = this.#bytes;
    this.#reserve(at + smallBytesMax);
    const bytes = encodeMark(this.#buffer, at + recordHeaderBytes, mark);
    sealRecord(this.#buffer, at, recordKinds.applied, seq, bytes);
    this.#bytes += recordHeaderBytes + bytes;
    this.#applied = mark;
    return recordHeaderBytes + bytes;
  }

  /** Takes the event that was just encoded. */
  take(bytes: number): void {
    const last = this.#marks.at(-1);
    if (last === undefined || this.#bytes - last.offset >= strideBytes) {
      this.#marks.push({ nth: this.#count, offset: this.#bytes });
    }
    this.#count += 1;
    this.#lastAt = this.#bytes;
    this.#bytes += bytes;
  }

  /** Puts a mark behind what is taken; no event. */
  mark(kind: number, seq: number): void {
    this.#reserve(this.#bytes + recordHeaderBytes);
    sealRecord(this.#buffer, this.#bytes, kind, seq, 0);
    this.#bytes += recordHeaderBytes;
  }

  /**
   * Takes back all from the event behind the first `count`, or the first parked one above the number, whichever comes
   * first.
   */
  rollBack(count: number, parked: number): void {
    let at = 0;
    let nth = 0;
    let newestParked = 0;
    let applied: AppliedMark | null = null;
    while (at < this.#bytes) {
      const bytes = claimedBytes(this.#buffer, at);
      const kind = recordKind(this.#buffer, at);
      if (isEventKind(kind)) {
        if (nth === count) break;
        nth += 1;
      } else if (isParkedKind(kind)) {
        const number = parkedNumber(this.#buffer.subarray(at + recordHeaderBytes, at + bytes));
        if (number > parked) break;
        newestParked = number;
      } else if (kind === recordKinds.applied) {
        applied = decodeMark(this.#buffer, at + recordHeaderBytes, bytes - recordHeaderBytes);
      }
      at += bytes;
    }
    this.#count = nth;
    this.#newestParked = newestParked;
    this.#applied = applied;
    this.#bytes = at;
    this.#marks = this.#marks.filter((mark) => mark.nth < nth);
  }

  clear(): void {
    this.#count = 0;
    this.#newestParked = 0;
    this.#applied = null;
    this.#bytes = 0;
    this.#marks = [];
    if (this.#buffer.length > keptBytesMax) this.#buffer = Buffer.allocUnsafe(bufferBytes);
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#buffer.length) return;
    if (bytes > pendingBytesMax) throw new Failure('journalFull', 'Too many events wait to be written to the journal.');
    const grown = Buffer.allocUnsafe(Math.max(bytes, 2 * this.#buffer.length));
    this.#buffer.copy(grown, 0, 0, this.#bytes);
    this.#buffer = grown;
  }
}
