/**
 * How characters beyond ASCII are folded for searching (`foldLetters`), as tables for compiled code
 * (src/event-text/compiled/beyond-ascii.ts). They are made by this Node's own Unicode, so that both readers fold alike.
 */
import { foldLetters } from '../../schemas/stored-event.ts';

export interface Folds {
  /** Which leading bytes begin a character that is folded: for each low half the high halves as bits; these bits. */
  readonly leads: Uint8Array;
  /** Of each 64 characters, the number of their block in `folds`; 0 if none of them is folded. */
  readonly blocks: Uint16Array;
  /** Blocks of 64: the UTF-8 of what the character is folded to, and its length; zeros if it stays. */
  readonly folds: Uint32Array;
}

const blockCharacters = 64;
/** No character beyond is folded. */
const foldedMax = 0x1ffff;
const firstBeyondAscii = 0x80;
/** Capital letters of Latin-1 and Cyrillic begin with these bytes; the compiled code folds them by itself. */
const knownLeads: readonly number[] = [0xc3, 0xd0, 0xd1];

let made: Folds | null = null;

export function foldTables(): Folds {
  made ??= makeFolds();
  return made;
}

function makeFolds(): Folds {
  const leads = new Uint8Array(32);
  const blocks = new Uint16Array((foldedMax + 1) / blockCharacters);
  const folds: number[] = [];
  for (let first = firstBeyondAscii; first <= foldedMax; first += blockCharacters) {
    if (isSurrogate(first) || !isFolded(blockText(first))) continue;
    for (let code = first; code < first + blockCharacters; code += 1) {
      const character = String.fromCodePoint(code);
      folds.push(...(isFolded(character) ? foldOf(character) : [0, 0]));
      if (isFolded(character)) noteLead(leads, Buffer.from(character)[0] ?? 0);
    }
    blocks[first / blockCharacters] = folds.length / (2 * blockCharacters);
  }
  return { leads, blocks, folds: Uint32Array.from(folds) };
}

function noteLead(leads: Uint8Array, lead: number): void {
  if (knownLeads.includes(lead)) return;
  // Of these only C, D, E and F come.
  const bit = 1 << ((lead >> 4) - 0xc);
  leads[lead & 0xf] = (leads[lead & 0xf] ?? 0) | bit;
  leads[16 + (lead >> 4)] = bit;
}

function foldOf(character: string): [bytes: number, length: number] {
  const bytes = Buffer.alloc(4);
  const length = bytes.write(foldLetters(character));
  return [bytes.readUInt32LE(), length];
}

function isFolded(text: string): boolean {
  return foldLetters(text) !== text;
}

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff;
}

function blockText(first: number): string {
  return String.fromCodePoint(...Array.from({ length: blockCharacters }, (_, nth) => first + nth));
}
