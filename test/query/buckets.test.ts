/**
 * Buckets as Prefect has them (docs/prefect-facts.md, "Counts"), and as a law: they tile all time without a gap (I8).
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { timeUnits } from '../../schemas/count.ts';
import { fromMicros, toMicros } from '../../src/filter/time.ts';
import { bucketEnds, bucketsOf, bucketWidth, tooManyBuckets } from '../../src/query/buckets.ts';

const now = '2026-11-22T19:08:27.919375Z';

function starts(since: string, until: string, ...[unit, interval]: Parameters<typeof bucketWidth>): string[] {
  const buckets = bucketsOf({ since, until }, unit, interval, now);
  return Array.from({ length: buckets.count }, (_, index) => bucketEnds(buckets, index).start);
}

describe('the sample table', () => {
  test.each([
    ['2026-11-15T06:00:00Z', '2026-11-18T00:00:00Z', 'day', 1, ['15T00:00:00Z', '16T00:00:00Z', '17T00:00:00Z']],
    ['2026-11-10T00:00:00Z', '2026-11-18T00:00:00Z', 'week', 1, ['09T00:00:00Z', '16T00:00:00Z']],
    ['2026-11-15T04:00:00Z', '2026-11-18T00:00:00Z', 'day', 1, ['15T00:00:00Z', '16T00:00:00Z', '17T00:00:00Z']],
    [
      '2026-11-15T23:30:00Z',
      '2026-11-16T02:30:00Z',
      'hour',
      1,
      ['15T23:00:00Z', '16T00:00:00Z', '16T01:00:00Z', '16T02:00:00Z'],
    ],
    ['2026-11-16T00:00:00Z', '2026-11-16T00:02:00Z', 'minute', 1, ['16T00:00:00Z', '16T00:01:00Z']],
    ['2026-11-16T00:00:00Z', '2026-11-16T00:00:02Z', 'second', 1, ['16T00:00:00Z', '16T00:00:01Z']],
    [
      '2026-11-16T00:00:00Z',
      '2026-11-16T00:00:02Z',
      'second',
      0.5,
      ['16T00:00:00Z', '16T00:00:00.500000Z', '16T00:00:01Z', '16T00:00:01.500000Z'],
    ],
    [
      '2026-11-15T23:59:59.300000Z',
      '2026-11-16T00:00:02Z',
      'second',
      1.7,
      ['15T23:59:58.800000Z', '16T00:00:00.500000Z'],
    ],
    ['2026-11-15T06:00:00Z', '2026-11-18T00:00:00Z', 'day', 2, ['15T00:00:00Z', '17T00:00:00Z']],
  ] as const)('%s – %s by %s × %d', (since, until, unit, interval, expected) => {
    expect(starts(since, until, unit, interval)).toEqual(expected.map((start) => `2026-11-${start}`));
  });

  test('buckets are counted backwards before the Monday 2024-04-01 too', () => {
    expect(starts('2023-12-30T00:00:00Z', '2024-01-10T00:00:00Z', 'week', 1)).toEqual([
      '2023-12-25T00:00:00Z',
      '2024-01-01T00:00:00Z',
      '2024-01-08T00:00:00Z',
    ]);
  });

  test('a bucket ends one microsecond before the next', () => {
    const range = { since: '2026-11-15T23:59:59.300000Z', until: '2026-11-16T00:00:02Z' };
    expect(bucketEnds(bucketsOf(range, 'second', 1.7, now), 0).end).toBe('2026-11-16T00:00:00.499999Z');
  });
});

describe('the end of the list', () => {
  test.each([
    ['week', '2026-11-20T00:00:00Z', ['2026-11-16T00:00:00Z']],
    ['day', '2026-11-21T00:00:00Z', ['2026-11-21T00:00:00Z', '2026-11-22T00:00:00Z']],
    ['hour', '2026-11-22T18:00:00Z', ['2026-11-22T18:00:00Z', '2026-11-22T19:00:00Z']],
    ['minute', '2026-11-22T19:07:00Z', ['2026-11-22T19:07:00Z', '2026-11-22T19:08:00Z']],
    ['second', '2026-11-22T19:08:27.500000Z', ['2026-11-22T19:08:27Z']],
  ] as const)('an until after now gives the %s that holds now as the last', (unit, since, expected) => {
    expect(starts(since, '2027-11-18T00:00:00Z', unit, 1)).toEqual(expected);
  });

  test('a part of a unit goes on to the end of the current unit', () => {
    expect(starts('2026-11-22T19:00:00Z', '2026-11-25T00:00:00Z', 'hour', 0.25)).toHaveLength(4);
  });

  test('a range that lies after the current unit, an empty one and a backward one give none', () => {
    expect(starts('2027-11-16T00:00:00Z', '2027-11-18T00:00:00Z', 'day', 1)).toEqual([]);
    expect(starts('2026-11-16T00:00:00Z', '2026-11-16T00:00:00Z', 'day', 1)).toEqual([]);
    expect(starts('2026-11-16T12:00:00Z', '2026-11-16T06:00:00Z', 'day', 1)).toEqual([]);
  });

  test('one instant inside a bucket gives that bucket', () => {
    expect(starts('2026-11-16T12:00:00Z', '2026-11-16T12:00:00Z', 'day', 1)).toEqual(['2026-11-16T00:00:00Z']);
  });

  test('now is compared by time, not by text', () => {
    const buckets = bucketsOf({ since: '2026-11-22T19:08:26Z', until: '2026-11-22T19:08:27Z' }, 'second', 1, now);
    expect(buckets.count).toBe(1);
  });

  test('buckets that reach beyond the years 0001 to 9999 end there', () => {
    const early = bucketsOf({ since: '0001-01-01T00:00:00Z', until: '2020-01-01T00:00:00Z' }, 'week', 1e300, now);
    expect(bucketEnds(early, 0)).toEqual({ start: '0001-01-01T00:00:00Z', end: '2024-03-31T23:59:59.999999Z' });
    const late = bucketsOf({ since: '2024-04-01T00:00:00Z', until: '9999-12-31T00:00:00Z' }, 'week', 1e300, now);
    expect(bucketEnds(late, 0)).toEqual({ start: '2024-04-01T00:00:00Z', end: '9999-12-31T23:59:59.999999Z' });
  });
});

test('1000 buckets pass, one microsecond more is refused in the words of Prefect', () => {
  const since = '2026-11-22T12:00:00Z';
  expect(tooManyBuckets({ since, until: '2026-11-22T12:00:10Z' }, 'second', 0.01)).toBeNull();
  expect(tooManyBuckets({ since, until: '2026-11-22T12:00:10.000001Z' }, 'second', 0.01)).toBe(
    'The given interval would create 1001 buckets, which is too many. Please increase the interval or reduce the ' +
      'time range to produce 1000 buckets or fewer.',
  );
  expect(tooManyBuckets({ since, until: '2020-01-01T00:00:00Z' }, 'second', 0.01)).toBeNull();
});

test.each([
  ['second', 0.0100005, 10_000n],
  ['second', 0.0100015, 10_002n],
  ['second', 1 / 3, 333_333n],
  ['day', 1 / 3, 28_800_000_000n],
  ['week', 0.0123456789, 7_466_666_599n],
  ['minute', 1e-2, 600_000n],
  ['hour', 1e6, 3_600_000_000_000_000n],
] as const)('a width of %s × %d is what Prefect makes of it', (unit, interval, micros) => {
  expect(bucketWidth(unit, interval)).toBe(micros);
});

test('every time lies in exactly one bucket, and the first holds since', () => {
  const micros = fc.bigInt(toMicros('0001-01-01T00:00:00Z'), toMicros('9999-12-31T23:59:59.999999Z'));
  const arbitraryInterval = fc.oneof(fc.double({ min: 0.01, max: 500, noNaN: true }), fc.integer({ min: 1, max: 30 }));
  fc.assert(
    fc.property(
      micros,
      fc.constantFrom(...timeUnits),
      arbitraryInterval,
      fc.nat(1000),
      (start, unit, interval, many) => {
        const width = bucketWidth(unit, interval);
        const since = fromMicros(start) ?? '';
        const until = fromMicros(start + width * BigInt(many)) ?? since;
        const buckets = bucketsOf({ since, until }, unit, interval, '9999-12-31T23:59:59.999999Z');
        expect(buckets.first <= start && start < buckets.first + width).toBe(true);
        for (let index = 1; index < buckets.count; index += 1) {
          expect(toMicros(bucketEnds(buckets, index - 1).end) + 1n).toBe(toMicros(bucketEnds(buckets, index).start));
        }
        if (buckets.count > 0) {
          expect(toMicros(bucketEnds(buckets, buckets.count - 1).start) < toMicros(until)).toBe(true);
          expect(toMicros(bucketEnds(buckets, buckets.count - 1).end) >= toMicros(until) - 1n).toBe(true);
        }
      },
    ),
    { numRuns: 100 },
  );
});
