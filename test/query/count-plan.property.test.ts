/**
 * I8: the steps that a projection answers lie whole within the range, all of them, and only where it knows what the
 * filter asks for.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Filter } from '../../schemas/filter.ts';
import { fromMicros, toMicros } from '../../src/filter/time.ts';
import { bucketsOf } from '../../src/query/buckets.ts';
import { asksForTimeOnly, fitsBuckets, middleOf, type Rollup } from '../../src/query/count-plan.ts';
import { bucketsSql, groupsSql } from '../../src/query/count-sql.ts';
import { filterOf } from './stored-rows.ts';

const yearOne = 62_135_596_800_000_000n;
const steps: Record<Rollup, bigint> = { hour: 3_600_000_000n, sixHours: 21_600_000_000n };
const begin = toMicros('2026-11-20T00:00:00Z');
const at = (micros: bigint): string => fromMicros(micros) ?? '';
const rollup = fc.constantFrom<Rollup[]>('hour', 'sixHours');
/** About the edges of steps, and anywhere. */
const moment = fc.oneof(
  fc
    .tuple(fc.integer({ min: -8, max: 30 }), fc.integer({ min: -2, max: 2 }))
    .map(([hour, micro]) => begin + BigInt(hour) * steps.hour + BigInt(micro)),
  fc.bigInt(begin, begin + 30n * steps.hour),
);

test('the middle is every step that lies whole within the range, and there is none for fewer than two', () => {
  fc.assert(
    fc.property(moment, moment, rollup, (one, other, which) => {
      const [since, until] = one < other ? [one, other] : [other, one];
      const step = steps[which];
      const middle = middleOf([filterOf(at(since), at(until))], which);
      const isWhole = (nth: bigint): boolean =>
        nth * step - yearOne >= since && (nth + 1n) * step - yearOne <= until + 1n;
      const first = (since + yearOne) / step;
      const whole: bigint[] = [];
      for (let nth = first; nth * step - yearOne <= until; nth += 1n) if (isWhole(nth)) whole.push(nth);
      if (whole.length < 2) {
        expect(middle).toBeNull();
        return;
      }
      expect(middle).toEqual({
        rollup: which,
        first: whole[0],
        end: whole.at(-1)! + 1n,
        firstMicros: whole[0]! * step - yearOne,
        endMicros: (whole.at(-1)! + 1n) * step - yearOne,
      });
    }),
    { numRuns: 500 },
  );
});

test('an open end reaches to the end of all years', () => {
  const filter = filterOf('9999-12-31T20:00:00Z', '');
  const open = { ...filter, occurred: { ...filter.occurred, until: null } };
  expect(middleOf([open], 'hour')?.endMicros).toBe(toMicros('9999-12-31T23:59:59.999999Z') + 1n);
});

const range = ['2026-11-20T00:00:00Z', '2026-11-21T00:00:00Z'] as const;
const events: Partial<Filter>[] = (['prefix', 'excludePrefix', 'name', 'excludeName'] as const).map((field) => ({
  event: { prefix: [], excludePrefix: [], name: [], excludeName: [], [field]: ['e'] },
}));
const resource = { id: [], idPrefix: [], labels: {}, distinct: false };
const others: Partial<Filter>[] = [
  { resource: { ...resource, id: ['r'] } },
  { resource: { ...resource, idPrefix: ['r'] } },
  { resource: { ...resource, labels: { a: ['b'] } } },
  { related: [{ id: ['r'], role: [], resourcesInRoles: [], labels: {} }] },
  { anyResource: [{ id: ['r'], idPrefix: [], labels: {} }] },
  { id: ['00000000-0000-4000-8000-000000000001'] },
  { text: { include: ['a'], required: [], exclude: [] } },
];

test('a projection answers only what it knows: by hours names of events and time, by six hours time alone', () => {
  const known = (changes: Partial<Filter>) =>
    (['hour', 'sixHours'] as const).map((which) => middleOf([filterOf(...range, changes)], which) !== null);
  expect([known({}), asksForTimeOnly([filterOf(...range)])]).toEqual([[true, true], true]);
  for (const changes of events) {
    expect([changes, known(changes)]).toEqual([changes, [true, false]]);
    expect(asksForTimeOnly([filterOf(...range, changes)])).toBe(false);
  }
  for (const changes of others) {
    expect([changes, known(changes)]).toEqual([changes, [false, false]]);
    expect(asksForTimeOnly([filterOf(...range, changes)])).toBe(false);
  }
});

test('a step fits buckets where each step lies in one of them', () => {
  const width = fc.constantFrom(1n, 2n, 3n, 6n, 7n, 24n).map((hours) => hours * steps.hour);
  const offset = fc.constantFrom(0n, 1n, steps.hour, steps.sixHours, steps.hour / 2n);
  fc.assert(
    fc.property(width, offset, offset, rollup, (wide, shift, extra, which) => {
      const buckets = { first: begin + shift, width: wide + extra, count: 5 };
      const step = steps[which];
      const bucketOf = (micros: bigint): bigint => (micros - buckets.first) / buckets.width;
      let fits = true;
      const firstStep = (buckets.first + yearOne + step - 1n) / step;
      for (let nth = firstStep; nth < firstStep + 60n; nth += 1n) {
        const from = nth * step - yearOne;
        if (bucketOf(from) !== bucketOf(from + step - 1n)) fits = false;
      }
      // Sixty steps show every width here.
      if (buckets.first === firstStep * step - yearOne) expect(fitsBuckets(buckets, which)).toBe(fits);
      else expect(fitsBuckets(buckets, which)).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test('projections are used where a middle is read from one, and only there', () => {
  const uses = ({ settings }: { readonly settings: Record<string, unknown> }) => settings['optimize_use_projections'];
  const whole = filterOf(...range);
  const short = filterOf(range[0], '2026-11-20T00:30:00Z');
  for (const countable of ['event', 'resource'] as const) {
    expect([uses(groupsSql([whole], countable)), uses(groupsSql([short], countable))]).toEqual([1, 0]);
  }
  const hours = bucketsOf({ since: range[0], until: range[1] }, 'hour', 1, range[1]);
  const halves = bucketsOf({ since: range[0], until: range[1] }, 'hour', 0.5, range[1]);
  expect([
    uses(bucketsSql([whole], hours)),
    uses(bucketsSql([whole], halves)),
    uses(bucketsSql([short], hours)),
  ]).toEqual([1, 0, 0]);
});
