/**
 * The first 64 bytes of a segment, format version 1: whose it is and where it begins, so that an empty segment keeps
 * head and epoch.
 *
 *   0  8 × u8   "SLUICEJ" and a line feed
 *   8  u32      CRC-32 of bytes 12 to 63
 *   12 u32      format version of the segment
 *   16 u64      seq of its first event
 *   24 36 × u8  epoch, a UUID as text
 *   60 4 × u8   0
 */
import { crc32 } from '../base/crc32.ts';
import { readU64, writeU64 } from '../base/u64.ts';

export const segmentHeaderBytes = 64;
export const segmentVersion = 1;

const magic = 'SLUICEJ\n';

export interface SegmentHeader {
  readonly version: number;
  readonly epoch: string;
  readonly firstSeq: number;
}

export function encodeSegmentHeader(epoch: string, firstSeq: number): Buffer {
  const bytes = Buffer.alloc(segmentHeaderBytes);
  bytes.write(magic, 0, 'latin1');
  bytes.writeUInt32LE(segmentVersion, 12);
  writeU64(bytes, firstSeq, 16);
  bytes.write(epoch, 24, 36, 'latin1');
  bytes.writeUInt32LE(crc32(bytes.subarray(12)), 8);
  return bytes;
}

/** Null if the bytes are no unharmed header. */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | null {
  if (bytes.length < segmentHeaderBytes || bytes.toString('latin1', 0, 8) !== magic) return null;
  if (crc32(bytes.subarray(12, segmentHeaderBytes)) !== bytes.readUInt32LE(8)) return null;
  return {
    version: bytes.readUInt32LE(12),
    firstSeq: readU64(bytes, 16),
    epoch: bytes.toString('latin1', 24, 60),
  };
}
