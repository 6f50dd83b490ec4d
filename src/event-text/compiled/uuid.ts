/**
 * Ids: in the two forms in which they nearly always come. Other forms are read by `parseUuid` (src/filter/uuid.ts).
 */
import { at, byte, raw, takes } from './progress';
import { text } from './text';

/** Reads the JSON string between two places and writes 36 characters; false if it is no id. */
// @ts-ignore: AssemblyScript's own
@external('env', 'readUuid')
declare function readUuid(from: i32, to: i32, into: i32): bool;

/** Of the first sixteen characters and the next sixteen: which are digits, which are dashes. */
const firstDashes: i32 = 0x2100;
const secondDashes: i32 = 0x0084;
const all: i32 = 0xffff;

/** Takes a string that is an id, and writes it in lower case with dashes. */
export function uuid(into: i32): bool {
  if (!takes(0x22)) return false;
  const from = at;
  const first = v128.load(from);
  const second = v128.load(from + 16);
  const digits = digitsOf(first);
  const moreDigits = digitsOf(second);
  if (byte(from + 36) == 0x22 && digits == (all ^ firstDashes) && moreDigits == (all ^ secondDashes)) {
    const last = v128.load(from + 20);
    if (dashesOf(first) == firstDashes && dashesOf(second) == secondDashes && digitsOf(last) >> 12 == 0xf) {
      v128.store(into, small(first));
      v128.store(into + 16, small(second));
      v128.store(into + 20, small(last));
      at = from + 37;
      return true;
    }
  }
  if (byte(from + 32) == 0x22 && digits == all && moreDigits == all) {
    putDashes(into, small(first), small(second));
    at = from + 33;
    return true;
  }
  const before = raw;
  if (!text(false)) return false;
  raw = before;
  return readUuid(from - 1, at, into);
}

/** 32 digits as 8-4-4-4-12. */
function putDashes(into: i32, first: v128, second: v128): void {
  const dash: i32 = 0x2d;
  store<u64>(into, i64x2.extract_lane(first, 0));
  store<u8>(into, dash, 8);
  store<u32>(into, i32x4.extract_lane(first, 2), 9);
  store<u8>(into, dash, 13);
  store<u32>(into, i32x4.extract_lane(first, 3), 14);
  store<u8>(into, dash, 18);
  store<u32>(into, i32x4.extract_lane(second, 0), 19);
  store<u8>(into, dash, 23);
  store<u32>(into, i32x4.extract_lane(second, 1), 24);
  store<u64>(into, i64x2.extract_lane(second, 1), 28);
}

/** Which are hexadecimal digits, in either case. */
// @ts-ignore: AssemblyScript's own
@inline
function digitsOf(bytes: v128): i32 {
  const isDecimal = v128.and(i8x16.ge_s(bytes, i8x16.splat(0x30)), i8x16.le_s(bytes, i8x16.splat(0x39)));
  const letters = small(bytes);
  const isLetter = v128.and(i8x16.ge_s(letters, i8x16.splat(0x61)), i8x16.le_s(letters, i8x16.splat(0x66)));
  return i8x16.bitmask(v128.or(isDecimal, isLetter));
}

// @ts-ignore: AssemblyScript's own
@inline
function dashesOf(bytes: v128): i32 {
  return i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(0x2d)));
}

/** Of digits and dashes. */
// @ts-ignore: AssemblyScript's own
@inline
function small(bytes: v128): v128 {
  return v128.or(bytes, i8x16.splat(0x20));
}
