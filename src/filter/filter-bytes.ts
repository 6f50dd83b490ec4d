/**
 * What a live filter takes of the heap, about: its lists, its predicate and its places in the index. Not its text: a short pattern
 * takes ten times its length. The numbers are measured, and a test holds them to the heap.
 */
import type { Filter, LabelPatterns } from '../../schemas/filter.ts';
import { parsePattern } from './pattern.ts';

/** Of a filter without a condition: topic, predicate, entry. */
const filterBytes = 2_600;
/** A string's head, its slot in a list, in the predicate's set and in the index, with the room in which they grow. */
const valueBytes = 180;
/** A pattern that is not looked up has a test of its own. */
const patternBytes = 300;
/** Of the tree in which the globs of a label are looked for at once, for each of their characters. */
const globCharacterBytes = 40;
const labelBytes = 600;
const entryBytes = 1_100;
const pairBytes = 100;

export function filterHeapBytes({ event, resource, related, anyResource, id, text }: Filter): number {
  let bytes = filterBytes + listBytes(id) + listBytes(resource.id) + listBytes(resource.idPrefix);
  for (const list of Object.values(event)) bytes += listBytes(list);
  bytes += labelsBytes(resource.labels);
  for (const entry of related) {
    bytes += entryBytes + listBytes(entry.id) + listBytes(entry.role) + labelsBytes(entry.labels);
    for (const pair of entry.resourcesInRoles) bytes += pairBytes + listBytes(pair);
  }
  // Its labels are compiled twice: the primary resource has no role.
  for (const entry of anyResource) {
    bytes += entryBytes + listBytes(entry.id) + listBytes(entry.idPrefix) + 2 * labelsBytes(entry.labels);
  }
  if (text !== null) for (const list of Object.values(text)) bytes += listBytes(list);
  return bytes;
}

function listBytes(values: readonly string[]): number {
  let bytes = 0;
  for (const value of values) bytes += valueBytes + textBytes(value);
  return bytes;
}

function labelsBytes(labels: LabelPatterns): number {
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
