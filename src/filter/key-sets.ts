/**
 * Lists and labels as they stand in the key of a filter: neither order nor repetition matters.
 */
import type { LabelPatterns } from '../../schemas/filter.ts';

export function asSet(values: readonly string[]): readonly string[] {
  if (values.length < 2) return values;
  return [...new Set(values)].sort();
}

export function labelsKey(labels: LabelPatterns): unknown {
  return asSet(Object.keys(labels)).map((label) => [label, asSet(labels[label] ?? [])]);
}
