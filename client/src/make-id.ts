/** UUIDs of version 7, for events that come without an id: they rise in the order in which they are made. */

const poolBytes = 4096;
const pool = new Uint8Array(poolBytes);
let used = poolBytes;
const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const countMax = 0xfff;
let lastMs = -1;
let count = 0;

/**
 * `nowMs` since 1970, a count within that millisecond that begins anywhere below 2,048, and 62 random bits. History is
 * ordered by time and id, so it keeps the order of events that were made within one millisecond.
 */
export function makeId(nowMs: number): string {
  if (used + 10 > poolBytes) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  const byte = (nth: number): number => pool[used + nth] ?? 0;
  const at = (nth: number): string => hex[byte(nth)] ?? '';
  count = nowMs === lastMs && count < countMax ? count + 1 : ((byte(0) & 0x07) << 8) | byte(1);
  lastMs = nowMs;
  const time = nowMs.toString(16).padStart(12, '0');
  const counted = `${hex[0x70 | (count >> 8)]}${hex[count & 0xff]}`;
  const variant = hex[(byte(2) & 0x3f) | 0x80];
  const tail = `${at(4)}${at(5)}${at(6)}${at(7)}${at(8)}${at(9)}`;
  const id = `${time.slice(0, 8)}-${time.slice(8)}-${counted}-${variant}${at(3)}-${tail}`;
  used += 10;
  return id;
}
