/** UUIDs of version 7, for events that come without an id: they rise with time. */

const poolBytes = 4096;
const pool = new Uint8Array(poolBytes);
let used = poolBytes;
const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** `nowMs` since 1970; the other 74 bits are random. */
export function makeId(nowMs: number): string {
  if (used + 10 > poolBytes) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  const time = nowMs.toString(16).padStart(12, '0');
  const at = (nth: number): string => hex[pool[used + nth] ?? 0] ?? '';
  const variant = hex[((pool[used + 2] ?? 0) & 0x3f) | 0x80];
  const version = hex[((pool[used] ?? 0) & 0x0f) | 0x70];
  const tail = `${at(4)}${at(5)}${at(6)}${at(7)}${at(8)}${at(9)}`;
  const id = `${time.slice(0, 8)}-${time.slice(8)}-${version}${at(1)}-${variant}${at(3)}-${tail}`;
  used += 10;
  return id;
}
