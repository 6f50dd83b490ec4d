/**
 * The canonical text of what filters mean, without window and order. Filters with the same key share a topic.
 */
import { createHash } from 'node:crypto';
import type { AllFilters, Filter } from '../../schemas/filter.ts';
import { askParts } from './filter-parts.ts';
import { asSet } from './key-sets.ts';

/** Filters that are all the same have the key of one. */
export function filterKey(filters: AllFilters): string {
  const [first = '', ...others] = asSet(filters.map(keyOf));
  return others.length === 0 ? first : JSON.stringify([first, ...others]);
}

/** A filter may have a megabyte. */
const keyLengthMax = 256;

/** A key that is made of filters' keys; a long one is known by its hash. */
export function shortened(key: string): string {
  return key.length <= keyLengthMax ? key : createHash('sha256').update(key).digest('base64');
}

function keyOf(filter: Filter): string {
  return JSON.stringify(askParts(filter, (part, value) => part.key(value)).flat());
}
