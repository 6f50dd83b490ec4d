/**
 * The index finds what testing every filter finds, through adds and removes; and filters with one key mean the same.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EventBody } from '../../schemas/event.ts';
import type { Filter } from '../../schemas/filter.ts';
import { FilterIndex } from '../../src/filter/filter-index.ts';
import { filterKey } from '../../src/filter/filter-key.ts';
import { compilePredicate } from '../../src/filter/predicate.ts';
import { validateFilter } from '../../src/filter/validate-filter.ts';
import { testSeed as seed } from '../seed.ts';
import { filterFrom, sampleEvents } from './arbitraries.ts';

const events = sampleEvents(100, seed);
const filter = filterFrom(events).map((sent) => valid(sent));

function valid(sent: unknown): Filter {
  const checked = validateFilter(sent, { loc: [], now: new Date(0), openEnded: true });
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  return checked.value;
}

test(`law: the index visits exactly the filters that fit, each once (events of seed ${seed})`, () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(filter, fc.boolean()), { maxLength: 40 }), (filters) => {
      const index = new FilterIndex<number>();
      const removes = filters.map(([added], name) => index.add([added], name));
      filters.forEach(([, isRemoved], name) => {
        if (isRemoved) removes[name]?.();
      });
      const kept = filters.flatMap(([one, isRemoved], name) =>
        isRemoved ? [] : [{ name, fits: compilePredicate([one]) }],
      );
      for (const event of events) {
        const found: number[] = [];
        index.forEachMatch(event, (name) => found.push(name));
        expect(found.sort((a, b) => a - b)).toEqual(kept.filter(({ fits }) => fits(event)).map(({ name }) => name));
      }
    }),
    { numRuns: 100 },
  );
});

test('law: of filters that must all match, the index visits those that fit each, and their key is of a set', () => {
  const two = fc.tuple(filter, filter);
  fc.assert(
    fc.property(fc.array(two, { maxLength: 20 }), (pairs) => {
      const index = new FilterIndex<number>();
      const removes = pairs.map((pair, name) => index.add(pair, name));
      const fits = pairs.map((pair) => pair.map((one) => compilePredicate([one])));
      for (const event of events.slice(0, 40)) {
        const found: number[] = [];
        index.forEachMatch(event, (name) => found.push(name));
        const wanted = fits.flatMap((each, name) => (each.every((one) => one(event)) ? [name] : []));
        expect(found.sort((a, b) => a - b)).toEqual(wanted);
        expect(pairs.flatMap((pair, name) => (compilePredicate(pair)(event) ? [name] : []))).toEqual(wanted);
      }
      for (const remove of removes) remove();
      for (const event of events) index.forEachMatch(event, () => expect.unreachable('all were removed'));
    }),
    { numRuns: 60 },
  );
  fc.assert(
    fc.property(two, ([one, other]) => {
      expect(filterKey([one, other])).toBe(filterKey([other, one, other]));
      expect(filterKey([one, one])).toBe(filterKey([one]));
      const isSame = filterKey([one]) === filterKey([other]);
      for (const each of [one, other]) expect(filterKey([one, other]) === filterKey([each])).toBe(isSame);
    }),
  );
});

test.each([
  [
    'a name of its own, a label beginning that all share',
    (nth: number) => ({ event: { name: [`own.${nth}`] }, resource: { labels: { region: ['eu-*'] } } }),
  ],
  [
    'a name that all share, a label beginning of its own',
    (nth: number) => ({ event: { name: ['shared'] }, resource: { labels: { region: [`own-${nth}-*`] } } }),
  ],
  [
    'a related resource of its own',
    (nth: number) => ({ event: { name: ['shared'] }, related: { id: [`own.${nth}`] } }),
  ],
  [
    'a pair of its own',
    (nth: number) => ({ event: { name: ['shared'] }, related: { resources_in_roles: [[`own.${nth}`, 'flow']] } }),
  ],
])('of a thousand filters with %s, an event meets few', (_title, filterOf) => {
  const index = new FilterIndex<number>();
  for (let nth = 0; nth < 1000; nth += 1) index.add([valid(filterOf(nth))], nth);
  const [first] = events;
  if (first === undefined) throw new Error('there is no event');
  let looks = 0;
  const event = {
    ...first,
    // The index reads it once, each predicate once.
    get body() {
      looks += 1;
      return { ...first.body, event: 'shared', resource: { 'prefect.resource.id': 'one', region: 'eu-west' } };
    },
  };
  index.forEachMatch(event, () => undefined);
  expect(looks).toBeLessThan(10);
});

test('nothing of an event is decoded that no filter asks for', () => {
  const index = new FilterIndex<number>();
  const sent = [
    {},
    { event: { name: ['shared'] } },
    { event: { prefix: ['sha'] } },
    { event: { exclude_name: ['x'] } },
  ];
  for (const [nth, each] of sent.entries()) index.add([valid(each)], nth);
  const body = new Proxy({} as EventBody, {
    get(_, field) {
      if (field === 'event') return 'shared';
      throw new Error(`${String(field)} was looked at`);
    },
  });
  const found: number[] = [];
  index.forEachMatch({ seq: 1, raw: '', search: '', body }, (nth) => found.push(nth));
  expect(found.sort()).toEqual([0, 1, 2, 3]);
});

test('law: the order and repetition of values, and the window, make no other key; another meaning does', () => {
  fc.assert(
    fc.property(filter, filter, (one, other) => {
      const turned = JSON.parse(JSON.stringify(one), (_name, part) =>
        isPair(part) || !Array.isArray(part) ? part : [...part, ...part].reverse(),
      );
      expect(filterKey([{ ...turned, occurred: other.occurred, order: 'ASC' }])).toBe(filterKey([one]));
      if (filterKey([one]) !== filterKey([other])) return;
      expect(events.map(compilePredicate([one]))).toEqual(events.map(compilePredicate([other])));
    }),
  );
});

test('a filter is one topic whatever its window, and two with another pair', () => {
  const pair = (id: string, role: string) => filterKey([valid({ related: { resources_in_roles: [[id, role]] } })]);
  expect(pair('a', 'b')).not.toBe(pair('b', 'a'));
  expect(filterKey([valid({ event: { name: ['a'] } })])).not.toBe(filterKey([valid({ event: { prefix: ['a'] } })]));
});

/** The pairs of `resources_in_roles`: their order is a meaning. */
function isPair(part: unknown): boolean {
  return Array.isArray(part) && part.length === 2 && part.every((one) => typeof one === 'string');
}
