/**
 * CRC-32 (ISO-HDLC, as zlib has it): native where this Node has it (20.15 and later), else by table.
 */
import * as zlib from 'node:zlib';

/** The checksum of all bytes, an unsigned 32-bit number. */
export const crc32: (bytes: Buffer) => number =
  typeof zlib.crc32 === 'function' ? (bytes) => zlib.crc32(bytes) : byTable;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

export function byTable(bytes: Buffer): number {
  let value = 0xffffffff;
  for (let at = 0; at < bytes.length; at += 1) value = table[(value ^ bytes[at]!) & 0xff]! ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
