/**
 * Each part of a filter is complete, and says the same of a value in all of its ways. `tsc` checks that a part which
 * lacks one of them does not compile: an expected error that does not come is an error itself.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Filter, SentFilter } from '../../schemas/filter.ts';
import { bindings } from '../../src/filter/bindings.ts';
import type { FilterPart } from '../../src/filter/filter-part.ts';
import {
  askParts,
  conditionNames,
  conditionsOf,
  type FilterParts,
  filterParts,
  partNames,
} from '../../src/filter/filter-parts.ts';
import { completeFilter, validateFilter } from '../../src/filter/validate-filter.ts';
import { testSeed as seed } from '../seed.ts';
import { filterFrom, sampleEvents } from './arbitraries.ts';

const { read, isAbsent, test: live, sql, key, ...others } = filterParts.id;
const { text, ...partsButText } = filterParts;

const incompleteParts: FilterPart<Filter['id']>[] = [
  // @ts-expect-error it is not said how it is read
  { ...others, isAbsent, test: live, sql, key },
  // @ts-expect-error it is not said when it is absent
  { ...others, read, test: live, sql, key },
  // @ts-expect-error it has no live test
  { ...others, read, isAbsent, sql, key },
  // @ts-expect-error it has no SQL
  { ...others, read, isAbsent, test: live, key },
  // @ts-expect-error it has no key
  { ...others, read, isAbsent, test: live, sql },
];

test('a part without one of its five, or a filter without one of its parts, does not compile', () => {
  const whole: FilterParts = { ...partsButText, text };
  // @ts-expect-error a part of the filter has no file
  const tooFew: FilterParts = partsButText;
  expect(whole).toEqual(filterParts);
  expect(tooFew).not.toEqual(whole);
  for (const part of incompleteParts) expect(Object.keys(part)).toHaveLength(Object.keys(filterParts.id).length - 1);
});

type Snake<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${Snake<Rest>}`
  : '';

test('law: each part is named as a client sends it, and a client sends no other', () => {
  const sendsNoOther: [Exclude<keyof SentFilter, Snake<keyof Filter>>] extends [never] ? true : false = true;
  expect(sendsNoOther).toBe(true);
  const inSnakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  for (const name of partNames) expect(filterParts[name].name).toBe(inSnakeCase(name));
});

const filter = filterFrom(sampleEvents(50, seed)).map((sent) => {
  const checked = validateFilter(sent, { loc: [], now: new Date(0), openEnded: true });
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  return checked.value;
});

test(`law: a part is absent where it has neither a live test nor SQL (events of seed ${seed})`, () => {
  let present = 0;
  fc.assert(
    fc.property(filter, (one) => {
      const conditions = conditionsOf(one);
      const tested = askParts(one, (part, value) => part.test(value) !== null, conditionNames);
      const asked = askParts(one, (part, value) => part.sql(value, bindings().bind).length > 0, conditionNames);
      expect(tested).toEqual(conditionNames.map((name) => conditions.includes(name)));
      expect(asked).toEqual(tested);
      present += conditions.length - 1;
    }),
    { numRuns: 300 },
  );
  expect(present).toBeGreaterThan(100);
});

test('law: of a filter that lacks a part, as an older version kept it, the part is absent', () => {
  const droppable = conditionNames.filter((name): name is keyof Filter => name !== 'order');
  fc.assert(
    fc.property(filter, fc.subarray(droppable), (one, dropped) => {
      const kept = Object.fromEntries(Object.entries(one).filter(([name]) => !dropped.includes(name as keyof Filter)));
      const completed = completeFilter(kept as unknown as Filter); // as far as it is one
      expect(Object.keys(completed)).toEqual(Object.keys(one));
      expect(conditionsOf(completed)).toEqual(conditionsOf(one).filter((name) => !dropped.includes(name)));
      if (dropped.length === 0) expect(completed).toEqual(one);
    }),
  );
});
