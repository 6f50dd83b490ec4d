/**
 * Safe integers as 64 bits without a sign, little-endian.
 */
const twoTo32 = 2 ** 32;

export function writeU64(buffer: Buffer, value: number, at: number): void {
  buffer.writeUInt32LE(value % twoTo32, at);
  buffer.writeUInt32LE(Math.floor(value / twoTo32), at + 4);
}

export function readU64(buffer: Buffer, at: number): number {
  return buffer.readUInt32LE(at) + buffer.readUInt32LE(at + 4) * twoTo32;
}
