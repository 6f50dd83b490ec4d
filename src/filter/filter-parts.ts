/**
 * All parts of a filter, each in a file of its own. A new part is a field of `Filter`, its file, and its name here.
 */
import type { Filter } from '../../schemas/filter.ts';
import type { FilterPart } from './filter-part.ts';
import { anyResource } from './parts/any-resource.ts';
import { event } from './parts/event.ts';
import { id } from './parts/id.ts';
import { occurred } from './parts/occurred.ts';
import { order } from './parts/order.ts';
import { related } from './parts/related.ts';
import { resource } from './parts/resource.ts';
import { text } from './parts/text.ts';

export type FilterParts = { readonly [Name in keyof Filter]: FilterPart<Filter[Name]> };

/** Their order is that of reading, of refusals, of keys and of tokens. It stays as it is: a new part comes last. */
export const filterParts: FilterParts = { occurred, event, resource, related, anyResource, id, text, order };

export const partNames = Object.keys(filterParts) as readonly (keyof Filter)[]; // of this very object

/**
 * The parts that are conditions on an event, the cheapest first. The window is not among them: each reader has its own.
 */
export const conditionNames: readonly (keyof Filter)[] = [
  'id',
  ...partNames.filter((name) => name !== 'id' && name !== 'occurred'),
];

/** Asks each part about its value in a filter. */
export function askParts<Answer>(
  filter: Filter,
  ask: <Value>(part: FilterPart<Value>, value: Value) => Answer,
  names = partNames,
): Answer[] {
  const askOne = <Name extends keyof Filter>(name: Name): Answer => ask<Filter[Name]>(filterParts[name], filter[name]);
  return names.map(askOne);
}

/** Makes a filter from the value of each part. */
export function makeFilter(partOf: <Name extends keyof Filter>(name: Name) => Filter[Name]): Filter {
  const parts = partNames.map((name) => [name, partOf(name)]);
  return Object.fromEntries(parts) as unknown as Filter; // each name has its own value
}

/** The parts that not every event fits. */
export function conditionsOf(filter: Filter): (keyof Filter)[] {
  const isAbsent = askParts(filter, (part, value) => part.isAbsent(value));
  return partNames.filter((_, at) => !isAbsent[at]);
}
