/**
 * `event`: names of events, whole or by what they begin with.
 */
import type { Filter } from '../../../schemas/filter.ts';
import { allOf, not } from '../conditions.ts';
import { accessBy, type FilterPart } from '../filter-part.ts';
import { listsBytes } from '../heap-bytes.ts';
import { asSet } from '../key-sets.ts';
import { optional, type Reader, readModel, readStrings } from '../read-model.ts';
import { modelSchema, stringsSchema } from '../sent-schemas.ts';
import { oneOfSql, prefixSql } from '../sql-patterns.ts';
import { anyOf, anyPrefix } from '../text-sets.ts';

type Names = Filter['event'];

export const event: FilterPart<Names> = {
  name: 'event',
  about:
    'The name is one of `name`, begins with one of `prefix`, is none of `exclude_name` ' +
    'and begins with none of `exclude_prefix`',
  schema: modelSchema({
    prefix: stringsSchema,
    exclude_prefix: stringsSchema,
    name: stringsSchema,
    exclude_name: stringsSchema,
  }),
  absent: () => noCondition,
  isAbsent: (names) => listsOf(names).every((list) => list.length === 0),
  read: (absent) => optional(absent, readNames),
  test: ({ prefix, excludePrefix, name, excludeName }) => {
    const fits = allOf([anyPrefix(prefix), not(anyPrefix(excludePrefix)), anyOf(name), not(anyOf(excludeName))]);
    return fits && (({ body }) => fits(body.event));
  },
  sql: ({ prefix, excludePrefix, name, excludeName }, bind) => [
    ...prefixSql('event', prefix, bind),
    ...prefixSql('event', excludePrefix, bind).map((condition) => `NOT ${condition}`),
    ...oneOfSql('event', name, bind),
    ...oneOfSql('event', excludeName, bind).map((condition) => `NOT ${condition}`),
  ],
  key: (names) => [listsOf(names).map(asSet)],
  access: ({ name, prefix }) => [...accessBy('name', name), ...accessBy('namePrefix', prefix)],
  labels: () => [],
  heapBytes: (names) => listsBytes(listsOf(names)),
};

const noCondition: Names = { prefix: [], excludePrefix: [], name: [], excludeName: [] };

const readNames: Reader<Names> = (input, place) =>
  readModel(input, place, noCondition, (field) => ({
    prefix: field('prefix', [], readStrings),
    excludePrefix: field('exclude_prefix', [], readStrings),
    name: field('name', [], readStrings),
    excludeName: field('exclude_name', [], readStrings),
  }));

/** In the order of the key. */
function listsOf({ prefix, excludePrefix, name, excludeName }: Names): readonly (readonly string[])[] {
  return [prefix, excludePrefix, name, excludeName];
}
