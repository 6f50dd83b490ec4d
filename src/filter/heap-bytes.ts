/**
 * About how much of the heap the values of a live filter take. The numbers are measured, and a test holds them to the
 * heap.
 */
import type { LabelPatterns } from '../../schemas/filter.ts';
import { parsePattern } from './pattern.ts';

/** A string's head, its slot in a list, in the predicate's set and in the index, with the room in which they grow. */
const valueBytes = 180;
/** A pattern that is not looked up has a test of its own. */
const patternBytes = 300;
/** For each character of a glob: all globs of a label stand in one tree, in which they are looked for at once. */
const globCharacterBytes = 40;
const labelBytes = 600;
/** An entry without values. */
export const entryBytes = 1_100;
export const pairBytes = 100;

export function listsBytes(lists: readonly (readonly string[])[]): number {
  let bytes = 0;
  for (const list of lists) for (const value of list) bytes += valueBytes + textBytes(value);
  return bytes;
}

export function labelsBytes(labels: LabelPatterns): number {
  let bytes = 0;
  for (const label of Object.keys(labels)) {
    bytes += labelBytes + textBytes(label);
    for (const pattern of labels[label] ?? []) {
      const { isNegated, kind } = parsePattern(label, pattern);
      bytes += valueBytes + 2 * textBytes(pattern) + (isNegated || kind !== 'equals' ? patternBytes : 0);
      if (kind === 'glob') bytes += globCharacterBytes * pattern.length;
    }
  }
  return bytes;
}

/** V8 keeps a text in two bytes a character if one of them needs it. */
function textBytes(text: string): number {
  return /[^\0-\xff]/.test(text) ? 2 * text.length : text.length;
}
