/**
 * Reads an event that needs no rewriting, at the speed of memory (decision 025). AssemblyScript, not TypeScript: `npm
 * run wasm` compiles it into src/event-text/plain-event-code.ts. It takes only what it can vouch for, byte by byte:
 * JSON without white space, escapes, control characters or anything beyond ASCII; the fields of an event in their
 * canonical order; labels that are text, with their required ones; no key twice. Whatever else comes is left to the
 * general reader (src/event-text/read-events.ts).
 */

/** Results of the last `readEvent`, 32-bit numbers one behind the other; plain-event.ts reads them. */
const occurredFromResult: i32 = 0;
const occurredToResult: i32 = 4;
const headToResult: i32 = 8;
const idFromResult: i32 = 12;
const hasFollowsResult: i32 = 16;
const searchToResult: i32 = 20;

/** A stack of the keys of open objects: where each begins, and its length. */
const keysFrom: i32 = 64;
const keysTo: i32 = 4096;
const keyBytes: i32 = 8;
/**
 * A key is compared with all before it in its object: so much is given to each event, and as much again for each of its
 * bytes.
 */
const compareWork: i32 = 131072;

const depthMax: i32 = 32;
const relatedMax: i32 = 100;
const nameCharactersMax: i32 = 1024;
/** Ends each piece of the search text (schemas/stored-event.ts). */
const separator: i32 = 0x1f;

/** The next byte of the text. */
let at: i32 = 0;
/** The end of the text. A little is read behind it, but never taken. */
let end: i32 = 0;
/** The next byte of the search text. */
let out: i32 = 0;
let keysTop: i32 = 0;
/** Where the event began. */
let began: i32 = 0;
/** Comparisons of keys so far, and the eights of bytes that they looked at. */
let compared: i32 = 0;

/**
 * Reads the event that begins at `from` and ends at `to` or before. Gives the place behind it, or 0 if it is not plain.
 * Its search text, folded, is written to `searchFrom` and the 64 bytes or so behind its end.
 */
export function readEvent(from: i32, to: i32, searchFrom: i32): i32 {
  at = from;
  end = to;
  out = searchFrom;
  keysTop = keysFrom;
  began = from;
  compared = 0;
  if (!has('{"occurred":"')) return 0;
  store<i32>(occurredFromResult, at);
  while (at < end && byte(at) != 0x22) at += 1;
  store<i32>(occurredToResult, at);
  if (!has('","event":"')) return 0;
  const nameCharacters = text(true);
  if (nameCharacters < 0 || nameCharacters > nameCharactersMax) return 0;
  if (!has(',"resource":') || !labels(false)) return 0;
  if (!has(',"related":') || !related()) return 0;
  store<i32>(headToResult, at);
  if (!has(',"payload":') || byte(at) != 0x7b || !object(depthMax)) return 0;
  if (!has(',"id":"')) return 0;
  store<i32>(idFromResult, at);
  if (!uuid()) return 0;
  const hasFollows = has(',"follows":');
  if (hasFollows && !has('null') && !(takes(0x22) && uuid())) return 0;
  store<i32>(hasFollowsResult, i32(hasFollows));
  store<i32>(searchToResult, out);
  return takes(0x7d) && at <= end ? at : 0;
}

function related(): bool {
  if (!takes(0x5b)) return false;
  if (takes(0x5d)) return true;
  let count = 0;
  do {
    count += 1;
    if (count > relatedMax || !labels(true)) return false;
  } while (takes(0x2c));
  return takes(0x5d);
}

/** An object of texts, one of which is the resource's id, and where it is wanted one its role; neither is empty. */
function labels(wantsRole: bool): bool {
  if (!takes(0x7b)) return false;
  const ownKeys = keysTop;
  let hasId = false;
  let hasRole = false;
  do {
    const keyFrom = at + 1;
    const keyCharacters = key(ownKeys, false);
    if (keyCharacters < 0 || !takes(0x22)) return false;
    const valueCharacters = text(true);
    if (valueCharacters < 0) return false;
    const isId = equals(keyFrom, keyCharacters, 'prefect.resource.id');
    const isRole = equals(keyFrom, keyCharacters, 'prefect.resource.role');
    if (wantsRole ? (isId || isRole) && valueCharacters == 0 : isId && valueCharacters == 0) return false;
    hasId = hasId || isId;
    hasRole = hasRole || isRole;
  } while (takes(0x2c));
  keysTop = ownKeys;
  return hasId && (hasRole || !wantsRole) && takes(0x7d);
}

function object(depth: i32): bool {
  if (depth == 0 || !takes(0x7b)) return false;
  if (takes(0x7d)) return true;
  const ownKeys = keysTop;
  do {
    if (key(ownKeys, true) < 0 || !value(depth - 1)) return false;
  } while (takes(0x2c));
  keysTop = ownKeys;
  return takes(0x7d);
}

function array(depth: i32): bool {
  if (depth == 0 || !takes(0x5b)) return false;
  if (takes(0x5d)) return true;
  do {
    if (!value(depth - 1)) return false;
  } while (takes(0x2c));
  return takes(0x5d);
}

function value(depth: i32): bool {
  const first = byte(at);
  if (first == 0x22) {
    at += 1;
    return text(true) >= 0;
  }
  if (first == 0x7b) return object(depth);
  if (first == 0x5b) return array(depth);
  const from = at;
  if (!(has('true') || has('false') || has('null') || number())) return false;
  piece(from);
  return true;
}

/** As JSON has it: `-0.5e+3`. */
function number(): bool {
  takes(0x2d);
  if (!takes(0x30) && !digits()) return false;
  if (takes(0x2e) && !digits()) return false;
  if ((byte(at) | 0x20) != 0x65) return true;
  at += 1;
  if (!takes(0x2b)) takes(0x2d);
  return digits();
}

function digits(): bool {
  const from = at;
  while (isDigit(byte(at))) at += 1;
  return at > from;
}

/** A key with its quotes and its colon, not one that the object has already. Gives its length, or -1. */
function key(ownKeys: i32, isSearched: bool): i32 {
  if (!takes(0x22)) return -1;
  const from = at;
  const length = text(isSearched);
  if (length < 0 || keysTop + keyBytes > keysTo || !takes(0x3a)) return -1;
  for (let other = ownKeys; other < keysTop; other += keyBytes) {
    compared += 1;
    if (load<i32>(other + 4) != length) continue;
    compared += length >> 3;
    if (memory.compare(load<i32>(other), from, length) == 0) return -1;
  }
  // Else an event of a megabyte could take a second: the general reader has maps.
  if (compared > compareWork + at - began) return -1;
  store<i32>(keysTop, from);
  store<i32>(keysTop + 4, length);
  keysTop += keyBytes;
  return length;
}

/**
 * What is left of a string whose opening quote was taken, and its closing quote: sixteen bytes a step. Gives its
 * length, or -1 if it is not plain. What is searched is written behind the search text, in lower case.
 */
function text(isSearched: bool): i32 {
  const from = at;
  while (at < end) {
    const bytes = v128.load(at);
    // As signed numbers, what is beyond ASCII is below the control characters.
    const stops = v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
      i8x16.lt_s(bytes, i8x16.splat(0x20)),
    );
    if (isSearched) v128.store(out, lowered(bytes));
    const mask = i8x16.bitmask(stops);
    if (mask == 0) {
      at += 16;
      if (isSearched) out += 16;
      continue;
    }
    const rest = ctz(mask);
    at += rest;
    if (isSearched) {
      out += rest;
      store<u8>(out, separator);
      out += 1;
    }
    return takes(0x22) && at <= end ? at - 1 - from : -1;
  }
  return -1;
}

function lowered(bytes: v128): v128 {
  const isUpper = v128.and(i8x16.ge_s(bytes, i8x16.splat(0x41)), i8x16.le_s(bytes, i8x16.splat(0x5a)));
  return v128.or(bytes, v128.and(isUpper, i8x16.splat(0x20)));
}

/** Adds a number or a word, which ends here, to the search text. */
function piece(from: i32): void {
  for (let next = from; next < at; next += 16) v128.store(out + next - from, lowered(v128.load(next)));
  out += at - from;
  store<u8>(out, separator);
  out += 1;
}

/** Lower case with dashes, and the closing quote. */
function uuid(): bool {
  for (let nth = 0; nth < 36; nth += 1) {
    const code = byte(at + nth);
    const isDash = nth == 8 || nth == 13 || nth == 18 || nth == 23;
    if (isDash ? code != 0x2d : !isDigit(code) && (code < 0x61 || code > 0x66)) return false;
  }
  at += 36;
  return takes(0x22);
}

function isDigit(code: i32): bool {
  return code >= 0x30 && code <= 0x39;
}

// @ts-ignore: AssemblyScript's own
@inline
function byte(place: i32): i32 {
  return load<u8>(place);
}

/** Takes one byte if it comes next. */
function takes(code: i32): bool {
  if (byte(at) != code) return false;
  at += 1;
  return true;
}

/** Takes these characters if they come next. */
function has(characters: string): bool {
  if (!equals(at, characters.length, characters)) return false;
  at += characters.length;
  return true;
}

function equals(from: i32, length: i32, characters: string): bool {
  if (length != characters.length) return false;
  const place = changetype<usize>(characters);
  for (let nth = 0; nth < length; nth += 1) {
    if (byte(from + nth) != load<u16>(place + (nth << 1))) return false;
  }
  return true;
}
