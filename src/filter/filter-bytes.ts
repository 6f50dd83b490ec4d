/**
 * About how much of the heap live filters take: lists, predicate and places in the index. It is not the length of their
 * text: a short pattern takes ten times its length.
 */
import type { AllFilters } from '../../schemas/filter.ts';
import { askParts } from './filter-parts.ts';

/** A filter without a condition: topic, predicate, entry. */
const filterBytes = 2_650;

export function filterHeapBytes(filters: AllFilters): number {
  const ofParts = filters.flatMap((filter) => askParts(filter, (part, value) => part.heapBytes(value)));
  return ofParts.reduce((sum, bytes) => sum + bytes, filterBytes);
}
