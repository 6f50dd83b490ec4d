/**
 * Escapes in strings: those that JSON.stringify writes stay, others are written as it writes them.
 */
import { fold } from './beyond-ascii';
import { at, byte, out, raw } from './progress';

/** Whether half of a character was escaped without its other half, since this was last set to false. */
export let hasLone: bool = false;

/** Takes the escape that comes next; false if it is none. */
export function escape(isSearched: bool): bool {
  const letter = byte(at + 1);
  if (letter == 0x75) return ofCode(isSearched);
  let searched = letter;
  if (letter == 0x6e || letter == 0x74 || letter == 0x72) searched = 0x20;
  else if (letter == 0x62) searched = 0x08;
  else if (letter == 0x66) searched = 0x0c;
  else if (letter != 0x22 && letter != 0x5c && letter != 0x2f) return false;
  if (letter == 0x2f) store<u8>(raw, letter);
  else store<u16>(raw, load<u16>(at));
  raw += letter == 0x2f ? 1 : 2;
  at += 2;
  if (isSearched) {
    store<u8>(out, searched);
    out += 1;
  }
  return true;
}

/** `\u` and its four digits, or twice that for what UTF-16 has in two halves. */
function ofCode(isSearched: bool): bool {
  let code = fourDigits(at + 2);
  if (code < 0) return false;
  at += 6;
  if ((code & 0xf800) == 0xd800) {
    const low = code < 0xdc00 && load<u16>(at) == 0x755c ? fourDigits(at + 2) : 0;
    if (low < 0) return false;
    if ((low & 0xfc00) != 0xdc00) {
      writeLone(code, isSearched);
      return true;
    }
    at += 6;
    code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
  }
  if (code < 0x20 || code == 0x22 || code == 0x5c) writeEscape(code);
  else raw += writeUtf8(raw, code);
  // What the search text cannot hold.
  if (isSearched) fold(code == 0x09 || code == 0x0a || code == 0x0d || code == 0x1f ? 0x20 : code);
  return true;
}

function fourDigits(from: i32): i32 {
  let code = 0;
  for (let nth = 0; nth < 4; nth += 1) {
    const digit = byte(from + nth);
    const letter = (digit | 0x20) - 0x61;
    if (<u32>(digit - 0x30) <= 9) code = (code << 4) | (digit - 0x30);
    else if (<u32>letter <= 5) code = (code << 4) | (letter + 10);
    else return -1;
  }
  return code;
}

function writeEscape(code: i32): void {
  let letter = 0;
  if (code == 0x22 || code == 0x5c) letter = code;
  else if (code == 0x0a) letter = 0x6e;
  else if (code == 0x09) letter = 0x74;
  else if (code == 0x0d) letter = 0x72;
  else if (code == 0x08) letter = 0x62;
  else if (code == 0x0c) letter = 0x66;
  if (letter == 0) {
    writeCode(code);
    return;
  }
  store<u8>(raw, 0x5c);
  store<u8>(raw, letter, 1);
  raw += 2;
}

function writeLone(code: i32, isSearched: bool): void {
  hasLone = true;
  writeCode(code);
  if (isSearched) fold(0xfffd);
}

/** `\u` and four digits, in lower case. */
function writeCode(code: i32): void {
  store<u16>(raw, 0x755c);
  for (let nth = 0; nth < 4; nth += 1) {
    const digit = (code >> (12 - 4 * nth)) & 0xf;
    store<u8>(raw + 2 + nth, digit < 10 ? 0x30 + digit : 0x57 + digit);
  }
  raw += 6;
}

/** Gives the bytes written. */
export function writeUtf8(into: i32, code: i32): i32 {
  if (code < 0x80) {
    store<u8>(into, code);
    return 1;
  }
  if (code < 0x800) {
    store<u8>(into, 0xc0 | (code >> 6));
    store<u8>(into, 0x80 | (code & 0x3f), 1);
    return 2;
  }
  if (code < 0x10000) {
    store<u8>(into, 0xe0 | (code >> 12));
    store<u8>(into, 0x80 | ((code >> 6) & 0x3f), 1);
    store<u8>(into, 0x80 | (code & 0x3f), 2);
    return 3;
  }
  store<u8>(into, 0xf0 | (code >> 18));
  store<u8>(into, 0x80 | ((code >> 12) & 0x3f), 1);
  store<u8>(into, 0x80 | ((code >> 6) & 0x3f), 2);
  store<u8>(into, 0x80 | (code & 0x3f), 3);
  return 4;
}
