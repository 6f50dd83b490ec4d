/**
 * A record of a file, version 1. Numbers are little-endian. The checksum covers all that is behind it, so a flipped bit
 * anywhere in a record is seen (I1).
 *
 *   0  u32  bytes of the payload
 *   4  u32  CRC-32 of bytes 8 to the end
 *   8  u8   kind; each sort of file has its own
 *   9  u8   format version of the record
 *   10 u16  0
 *   12 u64  seq
 *   20      payload
 */
import { crc32 } from './crc32.ts';
import { readU64, writeU64 } from './u64.ts';

export const recordHeaderBytes = 20;
export const recordVersion = 1;
/** Far above the row of the largest event that accept takes. */
export const payloadBytesMax = 16 * 1024 * 1024;

const versionAt = 9;
const coveredFrom = 8;

/** Writes header and checksum around a payload that already stands at `at + recordHeaderBytes`. */
export function sealRecord(buffer: Buffer, at: number, kind: number, seq: number, payloadBytes: number): void {
  buffer.writeUInt32LE(payloadBytes, at);
  buffer[at + 8] = kind;
  buffer[at + versionAt] = recordVersion;
  buffer[at + 10] = 0;
  buffer[at + 11] = 0;
  writeU64(buffer, seq, at + 12);
  buffer.writeUInt32LE(crc32(buffer.subarray(at + coveredFrom, at + recordHeaderBytes + payloadBytes)), at + 4);
}

export const incomplete = 0;
export const harmed = -1;

/** Bytes of the whole record at `at`; `incomplete` if it does not end before `end`, `harmed` if it is none. */
export function recordBytes(buffer: Buffer, at: number, end: number): number {
  if (end - at < recordHeaderBytes) return incomplete;
  const payloadBytes = buffer.readUInt32LE(at);
  if (payloadBytes > payloadBytesMax) return harmed;
  const bytes = recordHeaderBytes + payloadBytes;
  if (bytes > end - at) return incomplete;
  const isWhole = crc32(buffer.subarray(at + coveredFrom, at + bytes)) === buffer.readUInt32LE(at + 4);
  return isWhole ? bytes : harmed;
}

/** What the header at `at` says that the record takes, unchecked. */
export function claimedBytes(buffer: Buffer, at: number): number {
  return recordHeaderBytes + buffer.readUInt32LE(at);
}

export function recordKind(buffer: Buffer, at: number): number {
  return buffer[at + 8]!;
}

export function recordVersionOf(buffer: Buffer, at: number): number {
  return buffer[at + versionAt]!;
}

export function recordSeq(buffer: Buffer, at: number): number {
  return readU64(buffer, at + 12);
}

/** Where whole, unharmed records begin, wherever in the bytes that is. */
export function* findRecords(bytes: Buffer): Generator<number> {
  for (let at = 0; at + recordHeaderBytes <= bytes.length; ) {
    // The cheap part of the check first: the version is 1 for all records so far, the two bytes behind it are 0.
    const isLikely = bytes[at + versionAt] === recordVersion && bytes[at + 10] === 0 && bytes[at + 11] === 0;
    const found = isLikely ? recordBytes(bytes, at, bytes.length) : incomplete;
    if (found > 0) yield at;
    at += Math.max(1, found);
  }
}

/** Whether there is any: then what stands before it is damage, not a torn tail. */
export function holdsRecord(bytes: Buffer): boolean {
  return findRecords(bytes).next().done === false;
}
