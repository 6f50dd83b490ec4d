/**
 * Whether a text fits a glob, in linear time: `*` any run, `?` one code point. Between its stars a glob is a row of
 * pieces, of which each is looked for behind the one before.
 */
import { createFind, type Find } from './find-text.ts';

/** What stands between two stars. */
export interface Piece {
  readonly text: string;
  readonly hasWild: boolean;
}

export interface Glob {
  /** What a fitting text begins with. */
  readonly head: Piece;
  /** What it ends with; null for a glob without a star, whose head is all. */
  readonly tail: Piece | null;
  readonly middles: readonly Piece[];
}

/** The part of a text in which the middles are looked for. */
export interface Inside {
  readonly from: number;
  readonly to: number;
}

export function parseGlob(text: string): Glob {
  const [head = '', ...rest] = text.split('*');
  const tail = rest.pop();
  return {
    head: pieceOf(head),
    tail: tail === undefined ? null : pieceOf(tail),
    middles: rest.filter((piece) => piece !== '').map(pieceOf),
  };
}

/** What is left of the text behind the head and before the tail; null if the text does not fit these. */
export function insideOf({ head, tail }: Glob, text: string): Inside | null {
  const from = endOf(head, text, 0);
  if (from < 0) return null;
  if (tail === null) return from === text.length ? { from, to: from } : null;
  const to = startOf(tail, text);
  return to < from ? null : { from, to };
}

export function compileGlob(glob: Glob): (text: string) => boolean {
  const finds = glob.middles.map(compileMiddle);
  return (text) => {
    const inside = insideOf(glob, text);
    if (inside === null) return false;
    let at = inside.from;
    for (const find of finds) {
      at = find(text, at);
      if (at < 0 || at > inside.to) return false;
    }
    return true;
  };
}

/** Gives the end of the first place at or behind `from` that fits the piece, or -1. */
function compileMiddle(piece: Piece): Find {
  if (piece.hasWild) return compileWild(piece.text);
  const find = createFind(piece.text);
  return (text, from) => {
    const start = find(text, from);
    return start < 0 ? -1 : start + piece.text.length;
  };
}

function pieceOf(text: string): Piece {
  return { text, hasWild: text.includes('?') };
}

/** Where the piece ends if it begins at `from`; -1 if it does not fit there. */
function endOf({ text: piece, hasWild }: Piece, text: string, from: number): number {
  if (!hasWild) return text.startsWith(piece, from) ? from + piece.length : -1;
  let at = from;
  for (let nth = 0; nth < piece.length; nth += 1) {
    if (at >= text.length) return -1;
    if (piece[nth] === '?') at += isPair(text, at) ? 2 : 1;
    else if (piece.charCodeAt(nth) !== text.charCodeAt(at)) return -1;
    else at += 1;
  }
  return at;
}

/** Where the piece begins if it ends where the text does; -1 if it does not fit there. */
function startOf({ text: piece, hasWild }: Piece, text: string): number {
  if (!hasWild) return text.endsWith(piece) ? text.length - piece.length : -1;
  let at = text.length;
  for (let nth = piece.length - 1; nth >= 0; nth -= 1) {
    if (at <= 0) return -1;
    at -= piece[nth] === '?' && isPair(text, at - 2) ? 2 : 1;
    if (piece[nth] !== '?' && piece.charCodeAt(nth) !== text.charCodeAt(at)) return -1;
  }
  return at;
}

function isPair(text: string, at: number): boolean {
  return (text.codePointAt(at) ?? 0) > 0xffff;
}

const asciiCount = 128;
const wordBits = 32;

/**
 * A piece with `?` that may lie anywhere: one bit for each of its characters says whether the text that ends here fits
 * so far (Baeza-Yates and Gonnet), a word of them at a time.
 */
function compileWild(piece: string): Find {
  const characters = [...piece];
  const words = Math.ceil(characters.length / wordBits);
  const any = new Int32Array(words);
  const masks = new Map<number, Int32Array>();
  for (const [nth, character] of characters.entries()) if (character === '?') setBit(any, nth);
  for (const [nth, character] of characters.entries()) {
    if (character === '?') continue;
    const code = character.codePointAt(0) ?? 0;
    const mask = masks.get(code) ?? any.slice();
    setBit(mask, nth);
    masks.set(code, mask);
  }
  const ascii = Array.from({ length: asciiCount }, (_, code) => masks.get(code) ?? any);
  const last = characters.length - 1;
  const lastWord = Math.floor(last / wordBits);
  const lastBit = 1 << (last % wordBits);
  return (text, from) => {
    const state = new Int32Array(words);
    for (let at = from; at < text.length; at += 1) {
      let code = text.charCodeAt(at);
      if (isPair(text, at)) {
        code = text.codePointAt(at) ?? 0;
        at += 1;
      }
      const mask = code < asciiCount ? ascii[code]! : (masks.get(code) ?? any);
      let carry = 1;
      for (let word = 0; word < words; word += 1) {
        const bits = state[word]!;
        state[word] = ((bits << 1) | carry) & mask[word]!;
        carry = bits >>> (wordBits - 1);
      }
      if ((state[lastWord]! & lastBit) !== 0) return at + 1;
    }
    return -1;
  };
}

function setBit(bits: Int32Array, nth: number): void {
  const word = Math.floor(nth / wordBits);
  bits[word] = bits[word]! | (1 << (nth % wordBits));
}
