/**
 * One pass over JSON text, for what JSON.parse does not tell: where a value stands, whether its text is canonical already,
 * how deep it goes, what a text search finds in it. It neither recurses nor throws, whatever the text: JSON.parse judges
 * the text, and what is said here about text that is no JSON means nothing.
 */
import { foldLetters, foldText, searchSeparator } from '../../schemas/stored-event.ts';

/** Which strings and scalars of a value become search text: none, all but the keys (labels), or all (payload). */
export type Collect = 'nothing' | 'values' | 'all';

/** A value in the scanned text. */
export interface Span {
  readonly start: number;
  readonly end: number;
  /** No white space outside strings, each string as JSON.stringify writes it. Repeated keys are not seen here: compare `keys`. */
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
  /** Whether the whole text is ASCII: then lower case is all there is to folding, and is taken for all pieces at once. */
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
    do {
      const from = this.at;
      const code = text.charCodeAt(from);
      if (code === quote) {
        this.#passString();
        const isEscaped = this.#backslashAt < this.at;
        const isKey = text.charCodeAt(this.at) === colon;
        if (isKey) keys += 1;
        if (isEscaped) {
          hasEscape = true;
          isCanonical = isCanonical && canonicalString(text.slice(from, this.at)) === text.slice(from, this.at);
        }
        if (collect === 'all' || (collect === 'values' && !isKey)) pieces += this.#piece(from, isEscaped);
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
        if (collect !== 'nothing') pieces += this.#folded(from, this.at) + searchSeparator;
      }
    } while (level > 0 && this.at < text.length);
    return {
      start,
      end: this.at,
      isCanonical,
      hasEscape,
      keys,
      depth,
      search: pieces === '' || (this.isAscii && !hasEscape) ? pieces : foldLetters(pieces),
    };
  }

  /** Passes a string (a key) and gives what it says. */
  string(): string {
    const from = this.at;
    this.#passString();
    return this.#backslashAt < this.at
      ? (decoded(this.text.slice(from, this.at)) ?? '')
      : this.text.slice(from + 1, this.at - 1);
  }

  /** Goes from the opening quote past the closing one; `#backslashAt < at` then tells whether the string has an escape. */
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

  /** A string without escapes holds no control character, so folding its letters (once, for the whole value) is all. */
  #piece(from: number, isEscaped: boolean): string {
    if (!isEscaped) return this.#folded(from + 1, this.at - 1) + searchSeparator;
    return foldText(decoded(this.text.slice(from, this.at)) ?? '') + searchSeparator;
  }
}

/** A JSON string as JSON.stringify writes it. */
export function canonicalString(token: string): string {
  return token.includes('\\') ? JSON.stringify(decoded(token) ?? '') : token;
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
