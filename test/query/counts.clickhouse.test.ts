/** Counts on a real ClickHouse: the sample of test/contract/count-sample.ts, and counts that add up exactly (I8). */

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Count, CountRequest } from '../../schemas/count.ts';
import { timeUnits } from '../../schemas/count.ts';
import { timeKey } from '../../schemas/event.ts';
import type { Filter } from '../../schemas/filter.ts';
import { wholeScope } from '../../schemas/read-scope.ts';
import { fromMicros, toMicros } from '../../src/filter/time.ts';
import { countEvents } from '../../src/query/count-events.ts';
import { startTestStore, type TestStore } from '../../support/engine.ts';
import { filterOf, insert, type Sample, sample } from './stored-rows.ts';

let engine: TestStore;
beforeAll(async () => {
  engine = await startTestStore();
  await insert(engine.store, samples);
});
afterAll(async () => {
  await engine?.stop();
});

const now = new Date('2026-11-22T19:08:27.919Z');
const samples = [
  sample('2026-11-16T00:00:00Z', 's.one', 'c.1', { 'prefect.resource.name': 'Old' }),
  sample('2026-11-16T00:00:00.999999Z', 's.one', 'c.2', { 'prefect.name': 'Two' }),
  sample('2026-11-16T00:00:01Z', 's.two', 'c.3'),
  sample('2026-11-16T00:01:30Z', 's.one', 'c.1', { 'prefect.resource.name': 'New' }),
  sample('2026-11-16T01:00:00Z', 's.three', 'c.2', { 'prefect.name': 'Two' }),
  sample('2026-11-17T12:00:00Z', 's.two', 'c.4', { 'prefect.resource.name': 'N', 'prefect.name': 'M' }),
];
const sampleNames = { prefix: ['s.'], excludePrefix: [], name: [], excludeName: [] };

interface Asked extends Partial<Omit<CountRequest, 'filter'>> {
  readonly since: string;
  readonly until: string;
  readonly changes?: Partial<Filter>;
}

async function count({ since, until, changes, ...asked }: Asked): Promise<readonly Count[]> {
  const filter = filterOf(since, until, { event: sampleNames, ...changes });
  const request = { filter, countable: 'time', unit: 'day', interval: 1, now, ...asked } as const;
  const outcome = countEvents({ store: engine.store }, request, wholeScope);
  if (!outcome.ok) throw new Error(outcome.tooManyBuckets);
  const counts: Count[] = [];
  for await (const part of outcome.counts) {
    counts.push(...(JSON.parse(`[${Buffer.from(part.subarray(0, -1))}]`) as Count[])); // what a count is written as
  }
  return counts;
}

/** A row of the table: value, label, count, start, end; times without their common start. */
type Row = readonly [string, string, number, string, string];

function rows(counts: readonly Count[]): Row[] {
  return counts.map((each) => [
    each.value,
    each.label.replace(/^2026-11-/, ''),
    each.count,
    each.start_time.replace(/^2026-11-/, ''),
    each.end_time.replace(/^2026-11-/, ''),
  ]);
}

const whole = { since: '2026-11-16T00:00:00Z', until: '2026-11-18T00:00:00Z' };

describe('the sample table', () => {
  test('event: most first; first and last occurred', async () => {
    expect(rows(await count({ ...whole, countable: 'event' }))).toEqual([
      ['s.one', 's.one', 3, '16T00:00:00Z', '16T00:01:30Z'],
      ['s.two', 's.two', 2, '16T00:00:01Z', '17T12:00:00Z'],
      ['s.three', 's.three', 1, '16T01:00:00Z', '16T01:00:00Z'],
    ]);
  });

  test('resource: the newest name as label, most first, then by label', async () => {
    expect(rows(await count({ ...whole, countable: 'resource' }))).toEqual([
      ['c.1', 'New', 2, '16T00:00:00Z', '16T00:01:30Z'],
      ['c.2', 'Two', 2, '16T00:00:00.999999Z', '16T01:00:00Z'],
      ['c.4', 'N', 1, '17T12:00:00Z', '17T12:00:00Z'],
      ['c.3', 'c.3', 1, '16T00:00:01Z', '16T00:00:01Z'],
    ]);
  });

  test('day: whatever unit and interval say', async () => {
    const expected = [
      ['0', '15T00:00:00+00:00', 0, '15T00:00:00Z', '15T23:59:59.999999Z'],
      ['1', '16T00:00:00+00:00', 5, '16T00:00:00Z', '16T23:59:59.999999Z'],
      ['2', '17T00:00:00+00:00', 1, '17T00:00:00Z', '17T23:59:59.999999Z'],
    ];
    const asked = { since: '2026-11-15T06:00:00Z', until: '2026-11-18T00:00:00Z', countable: 'day' } as const;
    expect(rows(await count(asked))).toEqual(expected);
    expect(rows(await count({ ...asked, unit: 'hour', interval: 1.7 }))).toEqual(expected);
  });

  test.each([
    ['10T00:00:00', '18T00:00:00', 'week', 1, ['09T00:00:00 0', '16T00:00:00 6']],
    ['15T04:00:00', '18T00:00:00', 'day', 1, ['15T00:00:00 0', '16T00:00:00 5', '17T00:00:00 1']],
    ['15T23:30:00', '16T02:30:00', 'hour', 1, ['15T23:00:00 0', '16T00:00:00 4', '16T01:00:00 1', '16T02:00:00 0']],
    ['16T00:00:00', '16T00:02:00', 'minute', 1, ['16T00:00:00 3', '16T00:01:00 1']],
    ['16T00:00:00', '16T00:00:02', 'second', 1, ['16T00:00:00 2', '16T00:00:01 1']],
    [
      '16T00:00:00',
      '16T00:00:02',
      'second',
      0.5,
      ['16T00:00:00 1', '16T00:00:00.500000 1', '16T00:00:01 1', '16T00:00:01.500000 0'],
    ],
    ['15T23:59:59.300000', '16T00:00:02', 'second', 1.7, ['15T23:59:58.800000 1', '16T00:00:00.500000 2']],
    ['15T06:00:00', '18T00:00:00', 'day', 2, ['15T00:00:00 5', '17T00:00:00 1']],
  ] as const)('time, %s – %s by %s × %d', async (since, until, unit, interval, expected) => {
    const counts = await count({ since: `2026-11-${since}Z`, until: `2026-11-${until}Z`, unit, interval });
    expect(counts.map((each) => `${each.label} ${each.count}`)).toEqual(
      expected.map((each) => `2026-11-${each.replace(' ', '+00:00 ')}`),
    );
    expect(counts.map((each) => each.value)).toEqual(counts.map((_, index) => String(index)));
  });

  test('the answer has the fields in their order', async () => {
    const counts = await count({
      since: '2026-11-16T00:00:00Z',
      until: '2026-11-16T00:00:02Z',
      unit: 'second',
      interval: 0.5,
    });
    expect(JSON.stringify(counts.slice(1, 2))).toBe(
      '[{"value":"1","label":"2026-11-16T00:00:00.500000+00:00","count":1,' +
        '"start_time":"2026-11-16T00:00:00.500000Z","end_time":"2026-11-16T00:00:00.999999Z"}]',
    );
  });
});

describe('the edges', () => {
  test('since after until and a range without events give nothing', async () => {
    const backward = { since: '2026-11-16T12:00:00Z', until: '2026-11-16T06:00:00Z' };
    for (const countable of ['day', 'time', 'event', 'resource'] as const) {
      expect(await count({ ...backward, countable })).toEqual([]);
    }
    expect(await count({ since: '2026-10-16T12:00:00Z', until: '2026-10-17T06:00:00Z', countable: 'event' })).toEqual(
      [],
    );
  });

  test('an event exactly at an until where a bucket starts has a bucket of its own', async () => {
    const counts = await count({ since: '2026-11-16T00:00:00Z', until: '2026-11-16T00:00:01Z', unit: 'second' });
    expect(counts.map((each) => each.count)).toEqual([2, 1]);
    expect(counts[1]).toMatchObject({ start_time: '2026-11-16T00:00:01Z', end_time: '2026-11-16T00:00:01.999999Z' });
    const instant = { since: '2026-11-16T01:00:00Z', until: '2026-11-16T01:00:00Z', unit: 'hour' } as const;
    expect((await count(instant)).map((each) => each.count)).toEqual([1]);
  });

  test('events later than the current unit are counted in their own buckets', async () => {
    await insert(engine.store, [
      sample('2026-11-22T10:00:00Z', 'f.one', 'c.1'),
      sample('2026-11-24T10:00:00Z', 'f.one', 'c.1'),
    ]);
    const asked = { since: '2026-11-22T00:00:00Z', until: '2026-11-30T00:00:00Z' };
    const names = { prefix: [], excludePrefix: [], name: ['f.one'], excludeName: [] };
    const counts = await count({ ...asked, changes: { event: names } });
    expect(counts.map((each) => each.count)).toEqual([1, 0, 1]);
    expect((await count(asked)).map((each) => each.count)).toEqual([0]);
  });
});

describe('the limits', () => {
  test('more than 1000 buckets are refused for every countable, with the sentence of Prefect', async () => {
    const filter = filterOf('2026-11-16T00:00:00Z', '2026-11-16T00:00:10.000001Z');
    for (const countable of ['day', 'time', 'event', 'resource'] as const) {
      const request = { filter, countable, unit: 'second', interval: 0.01, now } as const;
      expect(await countEvents({ store: engine.store }, request, wholeScope)).toEqual({
        ok: false,
        tooManyBuckets: expect.stringMatching(/^The given interval would create 1001 buckets, which is too many\. /),
      });
    }
    const days = {
      filter: filterOf('2020-01-01T00:00:00Z', '2026-01-01T00:00:00Z'),
      countable: 'day',
      unit: 'week',
      interval: 1,
      now,
    } as const;
    expect(await countEvents({ store: engine.store }, days, wholeScope)).toMatchObject({ ok: false });
  });

  test('a resource whose newest event has no name goes by its id; of two at once the later seq counts', async () => {
    const named = (name: string) => ({ 'prefect.resource.name': name });
    await insert(engine.store, [
      sample('2026-11-16T00:00:00Z', 'l.one', 'r.1', named('Old')),
      sample('2026-11-16T00:00:01Z', 'l.one', 'r.1'),
      sample('2026-11-16T00:00:01Z', 'l.one', 'r.2', named('First'), 'ffffffff-ffff-4fff-bfff-ffffffffffff'),
      sample('2026-11-16T00:00:01Z', 'l.one', 'r.2', named('Second'), '00000000-0000-4000-8000-000000000000'),
      sample('2026-11-16T00:00:00Z', 'l.one', 'r.3', named('')),
    ]);
    const names = { prefix: [], excludePrefix: [], name: ['l.one'], excludeName: [] };
    const counts = await count({ ...whole, countable: 'resource', changes: { event: names } });
    expect(counts.map(({ value, label, count }) => [value, label, count])).toEqual([
      ['r.2', 'Second', 2],
      ['r.1', 'r.1', 2],
      ['r.3', '', 1],
    ]);
  });

  test('any year has its bucket, and its first and last time', async () => {
    const [since, until] = ['0001-01-01T00:00:00.000001Z', '9999-12-31T23:59:59.999999Z'];
    await insert(engine.store, [sample(since, 'y.one', 'c.1'), sample(until, 'y.one', 'c.1')]);
    const changes = { event: { prefix: [], excludePrefix: [], name: ['y.one'], excludeName: [] } };
    const groups = await count({ since, until, changes, unit: 'week', interval: 1e6, countable: 'event' });
    expect(groups).toMatchObject([{ count: 2, start_time: since, end_time: until }]);
    // Where ClickHouse may compile an aggregate after some runs, it may then compare otherwise.
    for (let round = 0; round < 5; round += 1) {
      expect(await count({ since, until, changes, unit: 'week', interval: 1e6, countable: 'event' })).toEqual(groups);
    }
    const times = await count({ since, until, changes, unit: 'week', interval: 1e6 });
    expect(times.map((each) => each.count)).toEqual([1, 1]);
    expect(times[0]?.start_time).toBe('0001-01-01T00:00:00Z');
    expect(times[1]?.end_time).toBe('9999-12-31T23:59:59.999999Z');
  });
});

test('every event within the range is counted in the one bucket that holds it, and no other', async () => {
  const base = toMicros('2024-03-31T23:59:50Z');
  const spread: Sample[] = fc
    .sample(fc.bigInt(0n, 20_000_000n), { numRuns: 300, seed: 7 })
    .map((offset) => sample(fromMicros(base + offset) ?? '', 'p.one', 'c.1'));
  await insert(engine.store, spread);
  const changes = { event: { prefix: [], excludePrefix: [], name: ['p.one'], excludeName: [] } };
  const interval = fc.oneof(fc.double({ min: 0.05, max: 9, noNaN: true }), fc.constantFrom(0.1, 0.25, 1, 2));
  const offset = fc.oneof(
    fc.bigInt(0n, 20_000_000n),
    fc.constantFrom(...spread.map((each) => toMicros(each.occurred) - base)),
  );
  await fc.assert(
    fc.asyncProperty(offset, offset, fc.constantFrom(...timeUnits), interval, async (one, two, unit, interval) => {
      const [low, high] = one < two ? [one, two] : [two, one];
      const [since, until] = [fromMicros(base + low) ?? '', fromMicros(base + high) ?? ''];
      const counts = await count({ since, until, changes, unit, interval });
      const times = spread.map((each) => toMicros(each.occurred));
      const inRange = times.filter((time) => time >= toMicros(since) && time <= toMicros(until));
      expect(counts.reduce((sum, each) => sum + each.count, 0)).toBe(inRange.length);
      for (const each of counts) {
        const [start, end] = [toMicros(each.start_time), toMicros(each.end_time)];
        expect(each.count).toBe(inRange.filter((time) => time >= start && time <= end).length);
      }
    }),
    { numRuns: 60 },
  );
});

test('the largest groups are the first of all groups, and a label groups the events that have it', async () => {
  const range = { since: '2026-11-16T00:00:00Z', until: '2026-11-18T00:00:00Z' };
  for (const countable of ['event', 'resource', { label: 'prefect.name' }, { label: null }] as const) {
    const all = await count({ ...range, countable });
    expect(all.length).toBeGreaterThan(1);
    for (const groupsMax of [1, 2, 1000])
      expect(await count({ ...range, countable, groupsMax })).toEqual(all.slice(0, groupsMax));
  }
  const byName = await count({ ...range, countable: { label: 'prefect.name' } });
  const names = samples
    .filter(({ resource }) => resource['prefect.name'] !== undefined)
    .filter(({ occurred }) => timeKey(occurred) >= timeKey(range.since) && timeKey(occurred) <= timeKey(range.until))
    .map(({ resource }) => resource['prefect.name']);
  expect(byName.map(({ value, label, count: events }) => [value, label, events]).toSorted()).toEqual(
    [...new Set(names)].map((name) => [name, name, names.filter((each) => each === name).length]).toSorted(),
  );
  expect(await count({ ...range, countable: { label: "no' OR 1 --" } })).toEqual([]);
  const labelled = await count({ ...range, countable: { label: null } });
  expect(labelled.find(({ value }) => value === 'prefect.name')?.count).toBe(names.length);
});

test('a group is written as JSON.stringify writes it, whatever its name holds', async () => {
  const instant = '2026-11-16T00:00:00Z';
  const likeTime = '","start_time":"2026-11-16T00:00:00.000000Z"';
  const strange = [
    'a/b "q" \\ \\u2028',
    'line\u2028and\u2029',
    'bell\u0007 tab\t \u000b\u001f',
    'né😀\u007f',
    likeTime,
  ];
  const names = strange.map((name) => `w.${name}`);
  await insert(
    engine.store,
    names.map((name) => sample(instant, name, 'c.1')),
  );
  for (const wanted of [names, names.slice(0, 1), names.slice(3)]) {
    const filter = filterOf(whole.since, whole.until, {
      event: { prefix: [], excludePrefix: [], name: wanted, excludeName: [] },
    });
    const request = { filter, countable: 'event', unit: 'day', interval: 1, now } as const;
    const outcome = countEvents({ store: engine.store }, request, wholeScope);
    if (!outcome.ok) throw new Error(outcome.tooManyBuckets);
    let text = '';
    for await (const part of outcome.counts) text += Buffer.from(part);
    const counts = JSON.parse(`[${text.slice(0, -1)}]`) as Count[]; // checked below
    expect(counts.map(({ value }) => value).toSorted()).toEqual(wanted.toSorted());
    for (const { start_time, end_time } of counts) expect([start_time, end_time]).toEqual([instant, instant]);
    expect(text).toBe(`${JSON.stringify(counts).slice(1, -1)},`);
  }
});
