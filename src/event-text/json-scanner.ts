/**
 * One pass over JSON text, for what JSON.parse does not tell: where a value stands, whether its text is canonical
 * already, how deep it goes, what a text search finds in it. It neither recurses nor throws, whatever the text:
 * JSON.parse judges the text, and what is said here about text that is no JSON means nothing.
 */
import { foldLetters, searchSeparator, withoutBreaks } from '../../schemas/stored-event.ts';

/** Which strings and scalars of a value become search text: none, all but the keys (labels), or all (payload). */
export type Collect = 'nothing' | 'values' | 'all';

/** A value in the scanned text. */
export interface Span {
  readonly start: number;
  readonly end: number;
  /**
   * No white space outside strings, each string as JSON.stringify writes it. Repeated keys are not seen here: compare
   * `keys`. Of what nothing was collected strings are not looked into.
   */
  readonly isCanonical: boolean;
  readonly hasEscape: boolean;
  /** Keys of all objects inside, repeated ones counted each time. */
  readonly keys: number;
  /** Levels of nesting; a scalar has 0. */
  readonly depth: number;
  /** Folded pieces, each ended by the separator; exact only if the span is canonical. */
  readonly search: string;
}

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const comma = 0x2c;

export class JsonScanner {
  readonly text: string;
  /**
   * Whether the whole text is ASCII: then lower case is all there is to folding, and is taken for all pieces at once.
   */
  readonly isAscii: boolean;
  /** The place of the next character. */
  at = 0;
  /** The text in lower case, once it is wanted; only of ASCII. */
  #lower: string | null = null;
  /** First backslash at or after the last string; infinite if there is none. */
  #backslashAt = -1;

  constructor(text: string, isAscii = false) {
    this.text = text;
    this.isAscii = isAscii;
  }

  /** The next character that is no white space (its code; NaN at the end), not passed yet. */
  peek(): number {
    let code = this.text.charCodeAt(this.at);
    while (isBlank(code)) {
      this.at += 1;
      code = this.text.charCodeAt(this.at);
    }
    return code;
  }

  /** Passes one value. */
  value(collect: Collect): Span {
    this.peek();
    const { text } = this;
    const start = this.at;
    let level = 0;
    let depth = 0;
    let keys = 0;
    let isCanonical = true;
    let hasEscape = false;
    let pieces = '';
    let many: Pieces | null = null;
    do {
      const from = this.at;
      const code = text.charCodeAt(from);
      if (many === null && from - start > manyCharactersMin && collect !== 'nothing') many = new Pieces(pieces);
      if (code === quote) {
        this.#passString();
        const isEscaped = this.#backslashAt < this.at;
        const isKey = text.charCodeAt(this.at) === colon;
        if (isKey) keys += 1;
        if (isEscaped) {
          hasEscape = true;
          if (isCanonical && collect !== 'nothing') {
            isCanonical = canonicalString(text.slice(from, this.at)) === text.slice(from, this.at);
          }
        }
        if (collect === 'all' || (collect === 'values' && !isKey)) {
          if (many === null) pieces += this.#piece(from, isEscaped);
          else if (isEscaped) many.add(this.#piece(from, true));
          else many.addPart(text, from + 1, this.at - 1);
        }
      } else if (code === 0x7b || code === 0x5b) {
        level += 1;
        if (level > depth) depth = level;
        this.at += 1;
      } else if (code === 0x7d || code === 0x5d) {
        level -= 1;
        this.at += 1;
      } else if (code === comma || code === colon) {
        this.at += 1;
      } else if (isBlank(code)) {
        isCanonical = false;
        this.peek();
      } else {
        this.#passScalar();
        if (many !== null) many.addPart(text, from, this.at);
        else if (collect !== 'nothing') pieces += this.#folded(from, this.at) + searchSeparator;
      }
    } while (level > 0 && this.at < text.length);
    return {
      start,
      end: this.at,
      isCanonical,
      hasEscape,
      keys,
      depth,
      search: many !== null ? foldLetters(many.text) : this.isAscii && !hasEscape ? pieces : foldLetters(pieces),
    };
  }

  /** Passes a string or another scalar, of which nothing is asked. */
  token(): void {
    if (this.text.charCodeAt(this.at) === quote) this.#passString();
    else this.#passScalar();
  }

  /** Passes a string (a key) and gives what it says. */
  string(): string {
    const from = this.at;
    this.#passString();
    return this.#backslashAt < this.at
      ? (decoded(this.text.slice(from, this.at)) ?? '')
      : this.text.slice(from + 1, this.at - 1);
  }

  /**
   * Goes from the opening quote past the closing one; `#backslashAt < at` then tells whether the string has an escape.
   */
  #passString(): void {
    const { text } = this;
    const from = this.at;
    if (this.#backslashAt < from) this.#backslashAt = indexOrInfinity(text.indexOf('\\', from));
    let end = indexOrInfinity(text.indexOf('"', from + 1));
    if (this.#backslashAt < end) {
      end = this.#backslashAt;
      while (end < text.length && text.charCodeAt(end) !== quote) end += text.charCodeAt(end) === backslash ? 2 : 1;
    }
    this.at = Math.min(end + 1, text.length);
  }

  #passScalar(): void {
    do this.at += 1;
    while (this.at < this.text.length && !endsScalar(this.text.charCodeAt(this.at)));
  }

  /** A part of the text, folded already if it is ASCII. */
  #folded(from: number, to: number): string {
    if (!this.isAscii) return this.text.slice(from, to);
    this.#lower ??= this.text.toLowerCase();
    return this.#lower.slice(from, to);
  }

  /**
   * The letters are folded once, for the whole value. A string without escapes holds no control character, so that is
   * all for it.
   */
  #piece(from: number, isEscaped: boolean): string {
    if (!isEscaped) return this.#folded(from + 1, this.at - 1) + searchSeparator;
    const token = this.text.slice(from, this.at);
    const canonical = token.length <= shortLengthMax ? shortCanonical(token) : null;
    // Canonical text without a backslash says what it shows, and has no character to keep out.
    if (canonical !== null && !canonical.includes('\\')) return canonical.slice(1, -1) + searchSeparator;
    return withoutBreaks(decoded(token) ?? '') + searchSeparator;
  }
}

/**
 * Of a value so long, pieces are put side by side as they come: half a million strings that are joined later are as
 * much garbage.
 */
const manyCharactersMin = 64 * 1024;

class Pieces {
  #units = new Uint16Array(4 * manyCharactersMin);
  #length = 0;

  /** Of those before, each with its separator. */
  constructor(pieces: string) {
    if (pieces !== '') this.add(pieces);
  }

  addPart(text: string, from: number, to: number): void {
    let length = this.#length;
    if (length + to - from >= this.#units.length) this.#grow(length + to - from + 1);
    for (let at = from; at < to; at += 1) {
      this.#units[length] = text.charCodeAt(at);
      length += 1;
    }
    this.#units[length] = separatorCode;
    this.#length = length + 1;
  }

  /** With its separator. */
  add(piece: string): void {
    this.addPart(piece, 0, piece.length - 1);
  }

  #grow(length: number): void {
    const units = new Uint16Array(2 * length);
    units.set(this.#units.subarray(0, this.#length));
    this.#units = units;
  }

  get text(): string {
    return Buffer.from(this.#units.buffer, 0, 2 * this.#length).toString('utf16le');
  }
}

const separatorCode = searchSeparator.charCodeAt(0);

/** A JSON string as JSON.stringify writes it. */
export function canonicalString(token: string): string {
  if (!token.includes('\\')) return token;
  return (token.length <= shortLengthMax ? shortCanonical(token) : null) ?? JSON.stringify(decoded(token) ?? '');
}

/** Here two calls of the parser cost more than they do. */
const shortLengthMax = 64;

/** Null for what is seldom: characters that are written as an escape in another form. */
function shortCanonical(token: string): string | null {
  let canonical = '';
  let from = 0;
  for (let at = token.indexOf('\\'); at >= 0; at = token.indexOf('\\', from)) {
    canonical += token.slice(from, at);
    const letter = token[at + 1];
    if (letter === 'u') {
      const code = Number.parseInt(token.slice(at + 2, at + 6), 16);
      if (!(code >= 0x20) || code === quote || code === backslash || (code & 0xf800) === 0xd800) return null;
      canonical += String.fromCharCode(code);
      from = at + 6;
    } else {
      canonical += letter === '/' ? '/' : token.slice(at, at + 2);
      from = at + 2;
    }
  }
  return canonical + token.slice(from);
}

/** What a JSON string says; null if it is none. */
export function decoded(token: string): string | null {
  try {
    const value: unknown = JSON.parse(token);
    return typeof value === 'string' ? value : null;
  } catch {
    return null;
  }
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function endsScalar(code: number): boolean {
  return code === comma || code === 0x7d || code === 0x5d || isBlank(code) || code === quote || code === colon;
}

function indexOrInfinity(index: number): number {
  return index < 0 ? Number.POSITIVE_INFINITY : index;
}
