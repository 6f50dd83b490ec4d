/**
 * Characters beyond ASCII in strings, and their folding. Whether the bytes are UTF-8 is checked for the whole text
 * elsewhere; here any bytes are safe.
 */
import { at, byte, lowered, out, raw } from './progress';
import { writeUtf8 } from './escape';
import { foldBlocks, foldedLeads, foldedMax, foldsFrom, isBeyondAsciiResult } from './places';

/** Goes on in a string, past what is beyond ASCII, to a quote, a backslash or a control character. */
export function beyondAscii(isSearched: bool): void {
  store<i32>(isBeyondAsciiResult, 1);
  if (!isSearched) {
    passUnsearched();
    return;
  }
  const lows = v128.load(foldedLeads);
  const highs = v128.load(foldedLeads, 16);
  while (true) {
    const bytes = v128.load(at);
    v128.store(raw, bytes);
    const before = v128.load(at - 1);
    const after = v128.load(at + 1);
    v128.store(out, i8x16.add(v128.or(lowered(bytes), latinCase(bytes, before)), cyrillicCase(bytes, before, after)));
    const isLead = v128.and(
      i8x16.swizzle(lows, v128.and(bytes, i8x16.splat(0x0f))),
      i8x16.swizzle(highs, i8x16.shr_u(bytes, 4)),
    );
    const mask = i8x16.bitmask(
      v128.or(v128.or(endsOf(bytes), oldCyrillic(bytes, after)), i8x16.ne(isLead, i8x16.splat(0))),
    );
    const passed = mask == 0 ? 16 : ctz(mask);
    at += passed;
    raw += passed;
    out += passed;
    if (mask == 0) continue;
    if (byte(at) < 0x80) return;
    do passFolded();
    while (isFoldedLead(byte(at)));
  }
}

function passUnsearched(): void {
  while (true) {
    const bytes = v128.load(at);
    v128.store(raw, bytes);
    const mask = i8x16.bitmask(endsOf(bytes));
    const passed = mask == 0 ? 16 : ctz(mask);
    at += passed;
    raw += passed;
    if (mask != 0) return;
  }
}

// @ts-ignore: AssemblyScript's own
@inline
function endsOf(bytes: v128): v128 {
  return v128.or(
    v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
    i8x16.lt_u(bytes, i8x16.splat(0x20)),
  );
}

/** What turns capital letters of Latin-1 into small ones: they are two bytes, the first 0xC3. */
// @ts-ignore: AssemblyScript's own
@inline
function latinCase(bytes: v128, before: v128): v128 {
  const isSecond = i8x16.eq(before, i8x16.splat(<i8>0xc3));
  const isCapital = v128.andnot(i8x16.le_u(bytes, i8x16.splat(<i8>0x9e)), i8x16.eq(bytes, i8x16.splat(<i8>0x97)));
  return v128.and(v128.and(isSecond, isCapital), i8x16.splat(0x20));
}

/**
 * What turns capital letters of Cyrillic, U+0400 to U+042F, into small ones: they are two bytes, the first 0xD0. By the
 * high half of the second byte, 8, 9 or A, so much is added to it; for 8 and A the first becomes 0xD1.
 */
// @ts-ignore: AssemblyScript's own
@inline
function cyrillicCase(bytes: v128, before: v128, after: v128): v128 {
  const first = v128.and(i8x16.eq(bytes, i8x16.splat(<i8>0xd0)), i8x16.splat(1));
  const second = i8x16.eq(before, i8x16.splat(<i8>0xd0));
  const ofFirst = i8x16.swizzle(i8x16(0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0), i8x16.shr_u(after, 4));
  const ofSecond = i8x16.swizzle(i8x16(0, 0, 0, 0, 0, 0, 0, 0, 16, 32, -32, 0, 0, 0, 0, 0), i8x16.shr_u(bytes, 4));
  return v128.or(v128.and(first, ofFirst), v128.and(second, ofSecond));
}

/** Where letters of Cyrillic begin that go in pairs, U+0460 to U+047F: these are folded one by one. */
// @ts-ignore: AssemblyScript's own
@inline
function oldCyrillic(bytes: v128, after: v128): v128 {
  return v128.and(i8x16.eq(bytes, i8x16.splat(<i8>0xd1)), i8x16.ge_u(after, i8x16.splat(<i8>0xa0)));
}

// @ts-ignore: AssemblyScript's own
@inline
function isFoldedLead(code: i32): bool {
  return code >= 0x80 && (load<u8>(foldedLeads + (code & 0xf)) & load<u8>(foldedLeads + 16 + (code >> 4))) != 0;
}

/** One character whose leading byte says that it may be folded. */
function passFolded(): void {
  const lead = byte(at);
  let code = byte(at + 1) & 0x3f;
  let length = 2;
  if (lead < 0xe0) code |= (lead & 0x1f) << 6;
  else if (lead < 0xf0) {
    code = ((lead & 0xf) << 12) | (code << 6) | (byte(at + 2) & 0x3f);
    length = 3;
  } else {
    code = ((lead & 7) << 18) | (code << 12) | ((byte(at + 2) & 0x3f) << 6) | (byte(at + 3) & 0x3f);
    length = 4;
  }
  const bytes = load<u32>(at);
  store<u32>(raw, bytes);
  at += length;
  raw += length;
  const fold = foldOf(code);
  store<u32>(out, fold == 0 ? bytes : <u32>fold);
  out += fold == 0 ? length : <i32>(fold >> 32);
}

/** Writes a character behind the search text, folded. */
export function fold(code: i32): void {
  if (code < 0x80) {
    store<u8>(out, <u32>(code - 0x41) < 26 ? code | 0x20 : code);
    out += 1;
    return;
  }
  const fold = foldOf(code);
  if (fold == 0) {
    out += writeUtf8(out, code);
    return;
  }
  store<u32>(out, <u32>fold);
  out += <i32>(fold >> 32);
}

/** The bytes and their number; 0 if the character stays. */
// @ts-ignore: AssemblyScript's own
@inline
function foldOf(code: i32): u64 {
  const block = code > foldedMax ? 0 : <i32>load<u16>(foldBlocks + ((code >> 6) << 1));
  return block == 0 ? 0 : load<u64>(foldsFrom + ((((block - 1) << 6) | (code & 0x3f)) << 3));
}
