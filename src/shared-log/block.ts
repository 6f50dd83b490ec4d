/**
 * A block: one message of the shared log, with rows as they lie in the spool of the gateway that sent it. All that this
 * spool holds up to `covers` is in the block, in an earlier one, was in the log before, or waits to be looked up.
 * Numbers are little-endian.
 *
 *   0  u32      CRC-32 of all that is behind it, in every version
 *   4  u8       version of the format
 *   5  u8       0
 *   6  u16      count of rows
 *   8  u64      covers: a seq of the spool
 *   16 u64      judgedAt: the newest seq that the sender had applied when it looked up the ids
 *   24 16 × u8  epoch of the spool, a UUID
 *   40 u16      count of marks
 *   42 u16      0
 *   44          marks, of 8 bytes: u16 which row, u8 1 if a Prefect server handed it on, u8 0, u32 tag; then the rows
 */
import { crc32 } from '../base/crc32.ts';
import { readU64, writeU64 } from '../base/u64.ts';
import { type ControlBlock, controlVersion, decodeControl } from './control-block.ts';
import { rowEnd } from './stamped-row.ts';

export const blockVersion = 1;
/** More rows than any block may have. */
export const blockRowsLimit = 2 ** 16 - 1;

const headBytes = 44;
const markBytes = 8;

/** What the sender says of a block. */
export interface BlockHead {
  readonly covers: number;
  readonly judgedAt: number;
  /** Epoch of the sender's spool. */
  readonly spool: string;
}

/** What is kept beside the row that stands at this place, from 0 on. Rows without both have none. */
export interface RowMark {
  readonly nth: number;
  /** As in TaggedRow. */
  readonly tag: number;
  readonly isFromPrefect: boolean;
}

export interface Block extends BlockHead {
  /** In the order of the rows. */
  readonly marks: readonly RowMark[];
  /** Back to back, numbered by the spool. */
  readonly rows: Buffer;
  /** Where each row ends. */
  readonly ends: readonly number[];
}

/**
 * `damaged`: not as it was sent; whoever reads it finds the same. `unknown`: as it was sent, in a version that this
 * code does not know.
 */
export type DecodedBlock = Block | ControlBlock | 'damaged' | { readonly unknown: number };

/** `pieces`: `count` rows, any number of them back to back in each. */
export function encodeBlock(
  { covers, judgedAt, spool }: BlockHead,
  count: number,
  pieces: readonly Buffer[],
  marks: readonly RowMark[],
): Buffer {
  const rowsAt = headBytes + marks.length * markBytes;
  const block = Buffer.allocUnsafe(pieces.reduce((sum, { length }) => sum + length, rowsAt));
  block[4] = blockVersion;
  block[5] = 0;
  block.writeUInt16LE(count, 6);
  writeU64(block, covers, 8);
  writeU64(block, judgedAt, 16);
  block.write(spool.replaceAll('-', ''), 24, 'hex');
  block.writeUInt16LE(marks.length, 40);
  block.writeUInt16LE(0, 42);
  for (const [place, { nth, tag, isFromPrefect }] of marks.entries()) {
    const at = headBytes + place * markBytes;
    block.writeUInt16LE(nth, at);
    block.writeUInt16LE(isFromPrefect ? 1 : 0, at + 2);
    block.writeUInt32LE(tag, at + 4);
  }
  let at = rowsAt;
  for (const piece of pieces) at += piece.copy(block, at);
  block.writeUInt32LE(crc32(block.subarray(4)), 0);
  return block;
}

/** The rows lie in `data`, which must stay as it is. */
export function decodeBlock(data: Buffer): DecodedBlock {
  if (data.length < headBytes || crc32(data.subarray(4)) !== data.readUInt32LE(0)) return 'damaged';
  if (data[4] === controlVersion) return decodeControl(data) ?? { unknown: controlVersion };
  if (data[4] !== blockVersion) return { unknown: data[4] ?? 0 };
  const rowsAt = headBytes + data.readUInt16LE(40) * markBytes;
  const rows = data.subarray(rowsAt);
  const ends = endsOf(rows, data.readUInt16LE(6));
  if (ends === null) return 'damaged';
  const hex = data.toString('hex', 24, 40);
  const spool = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  return { covers: readU64(data, 8), judgedAt: readU64(data, 16), spool, marks: marksOf(data, rowsAt), rows, ends };
}

function marksOf(data: Buffer, end: number): RowMark[] {
  const marks: RowMark[] = [];
  for (let at = headBytes; at < end; at += markBytes) {
    marks.push({
      nth: data.readUInt16LE(at),
      tag: data.readUInt32LE(at + 4),
      isFromPrefect: data.readUInt16LE(at + 2) === 1,
    });
  }
  return marks;
}

/** Null if these are not so many rows. */
function endsOf(rows: Buffer, count: number): number[] | null {
  const ends: number[] = [];
  for (let at = 0; at < rows.length; ) {
    const end = rowEnd(rows, at);
    if (end === null) return null;
    ends.push(end);
    at = end;
  }
  return ends.length === count ? ends : null;
}
