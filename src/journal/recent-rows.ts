/**
 * The newest committed rows, still in memory, for the one reader that follows the head: the table writer then needs
 * neither read them back from the disk nor check them again. Bounded by two blocks, what is beyond is read from the
 * disk; none are held for a reader that is far behind.
 */

import { claimedBytes, recordHeaderBytes, recordKind } from '../base/record.ts';
import type { LogChunk } from '../event-log/log-reader.ts';
import { isOfSameDay } from '../event-log/row.ts';
import type { PendingRecords } from './pending-records.ts';
import { isEventKind, tagBytesOf } from './record-kinds.ts';

/** Rows back to back, with consecutive seqs. */
interface Block {
  readonly rows: Buffer;
  readonly first: number;
  /** Where each row ends. */
  readonly ends: number[];
}

const blocksMax = 2;
/** So much was not kept since the reader last moved: it is far behind. */
const blocksSkippedMax = 8;
/** Turns a distance in rows into bytes: about what the row of a small event takes. */
const rowBytes = 1_300;

export class RecentRows {
  readonly #blockBytes: number;
  #blocks: Block[] = [];
  /** Of blocks that were let go: a row in memory that was never touched costs 2 µs more. */
  readonly #spare: Buffer[] = [];
  #newest = 0;
  #skippedBytes = 0;
  #isFarBehind = false;

  /** 0 keeps none. */
  constructor(blockBytes: number) {
    this.#blockBytes = blockBytes;
  }

  /** Takes the events of a group that was just committed, the first of which got this seq. */
  take(first: number, { buffer, bytes, count }: Pick<PendingRecords, 'buffer' | 'bytes' | 'count'>): void {
    if (this.#blockBytes === 0) return;
    this.#newest = first + count - 1;
    if (this.#isFarBehind) return;
    let seq = first;
    for (let at = 0; at < bytes; ) {
      const end = at + claimedBytes(buffer, at);
      const kind = recordKind(buffer, at);
      if (isEventKind(kind)) {
        if (!this.#takeRow(seq, buffer, at + recordHeaderBytes, end - tagBytesOf(kind))) {
          this.#skip(bytes - at);
          return;
        }
        seq += 1;
      }
      at = end;
    }
  }

  /**
   * Of one UTC day of `received`, as the journal's readDay; null where it must be read from the disk. The rows are good
   * until `forget` has passed them.
   */
  readDay(from: number, bytesMax: number, upTo: number): LogChunk | null {
    const block = this.#blocks.find(({ first, ends }) => first <= from && from < first + ends.length);
    if (block === undefined || upTo < from) return null;
    const { first, ends } = block;
    const start = ends[from - first - 1] ?? 0;
    let last = Math.min(upTo, first + ends.length - 1);
    while (last > from && ends[last - first]! - start > bytesMax) last -= 1;
    const rows = block.rows.subarray(start, ends[last - first]);
    if (!isOfSameDay(rows, 0, (ends[last - first - 1] ?? 0) - start)) return null;
    return { first: from, last, count: last - from + 1, rows };
  }

  /** All up to `seq` is in ClickHouse. */
  forget(seq: number): void {
    const isOver = ({ first, ends }: Block): boolean => first + ends.length - 1 <= seq;
    for (const block of this.#blocks) if (isOver(block)) this.#spare.push(block.rows);
    this.#blocks = this.#blocks.filter((block) => !isOver(block));
    this.#skippedBytes = 0;
    if ((this.#newest - seq) * rowBytes <= blocksMax * this.#blockBytes) this.#isFarBehind = false;
  }

  #skip(bytes: number): void {
    this.#skippedBytes += bytes;
    if (this.#skippedBytes <= blocksSkippedMax * this.#blockBytes) return;
    this.#blocks = [];
    this.#spare.length = 0;
    this.#isFarBehind = true;
  }

  /** False if the row, and with it all behind it, is not kept. */
  #takeRow(seq: number, buffer: Buffer, from: number, to: number): boolean {
    const block = this.#blockFor(seq, to - from);
    if (block === null) return false;
    const at = block.ends.at(-1) ?? 0;
    block.ends.push(at + buffer.copy(block.rows, at, from, to));
    return true;
  }

  #blockFor(seq: number, bytes: number): Block | null {
    const newest = this.#blocks.at(-1);
    if (newest !== undefined && newest.first + newest.ends.length !== seq) return null;
    if (newest !== undefined && (newest.ends.at(-1) ?? 0) + bytes <= newest.rows.length) return newest;
    if (this.#blocks.length === blocksMax || bytes > this.#blockBytes) return null;
    const block = { rows: this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.#blockBytes), first: seq, ends: [] };
    this.#blocks.push(block);
    return block;
  }
}
