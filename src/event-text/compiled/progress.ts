/**
 * The places that all parts of the reader move: the next byte of the text, and where canonical text and search text
 * are written next. Behind the text lie zeros, which nothing takes, so its end needs no check.
 */

/** The next byte of the text. */
export let at: i32 = 0;
/** The next byte of the canonical text. */
export let raw: i32 = 0;
/** The next byte of the search text. */
export let out: i32 = 0;

/** Ends each piece of the search text (schemas/stored-event.ts). */
const separator: i32 = 0x1f;

// @ts-ignore: AssemblyScript's own
@inline
export function byte(place: i32): i32 {
  return load<u8>(place);
}

/** The next byte that is no white space, not taken yet. */
// @ts-ignore: AssemblyScript's own
@inline
export function next(): i32 {
  const code = load<u8>(at);
  return code > 0x20 ? code : pastBlanks();
}

/** One blank comes often, many come where a text is indented. */
function pastBlanks(): i32 {
  while (true) {
    const code = byte(at);
    if (code != 0x20 && code != 0x0a && code != 0x0d && code != 0x09) return code;
    at += 1;
    if (byte(at) > 0x20) continue;
    const bytes = v128.load(at);
    const blanks = v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(0x20)), i8x16.eq(bytes, i8x16.splat(0x0a))),
      v128.or(i8x16.eq(bytes, i8x16.splat(0x0d)), i8x16.eq(bytes, i8x16.splat(0x09))),
    );
    at += ctz(i8x16.bitmask(blanks) ^ 0xffffffff);
  }
}

/** Takes one byte if it comes next. */
// @ts-ignore: AssemblyScript's own
@inline
export function takes(code: i32): bool {
  if (next() != code) return false;
  at += 1;
  return true;
}

/** The same, and writes it. */
// @ts-ignore: AssemblyScript's own
@inline
export function keeps(code: i32): bool {
  if (next() != code) return false;
  at += 1;
  put(code);
  return true;
}

// @ts-ignore: AssemblyScript's own
@inline
export function put(code: i32): void {
  store<u8>(raw, code);
  raw += 1;
}

/** Ends a piece of the search text. */
// @ts-ignore: AssemblyScript's own
@inline
export function endPiece(): void {
  store<u8>(out, separator);
  out += 1;
}

/** Writes up to 16 characters of ASCII; what lies behind them in the memory is overwritten, too. */
// @ts-ignore: AssemblyScript's own
@inline
export function putAll(characters: string): void {
  v128.store(raw, bytesOf(characters));
  raw += characters.length;
}

/** Whether these bytes are these characters, up to 16 of ASCII. */
// @ts-ignore: AssemblyScript's own
@inline
export function equals(from: i32, length: i32, characters: string): bool {
  return length == characters.length && begins(from, characters);
}

// @ts-ignore: AssemblyScript's own
@inline
export function begins(from: i32, characters: string): bool {
  const same = i8x16.bitmask(i8x16.eq(v128.load(from), bytesOf(characters)));
  const wanted = (1 << characters.length) - 1;
  return (same & wanted) == wanted;
}

// @ts-ignore: AssemblyScript's own
@inline
function bytesOf(characters: string): v128 {
  const place = changetype<usize>(characters);
  return i8x16.narrow_i16x8_u(v128.load(place), v128.load(place, 16));
}

/** Copies bytes to a place behind them; a little more than these is overwritten. Gives the place behind the copy. */
export function copy(from: i32, to: i32, into: i32): i32 {
  const length = to - from;
  if (length > 256) memory.copy(into, from, length);
  else for (let step = 0; step < length; step += 16) v128.store(into + step, v128.load(from + step));
  return into + length;
}

// @ts-ignore: AssemblyScript's own
@inline
export function isDigit(code: i32): bool {
  return <u32>(code - 0x30) <= 9;
}

/** What ASCII letters are in lower case; other bytes stay. */
// @ts-ignore: AssemblyScript's own
@inline
export function lowered(bytes: v128): v128 {
  const isUpper = v128.and(i8x16.ge_s(bytes, i8x16.splat(0x41)), i8x16.le_s(bytes, i8x16.splat(0x5a)));
  return v128.or(bytes, v128.and(isUpper, i8x16.splat(0x20)));
}
