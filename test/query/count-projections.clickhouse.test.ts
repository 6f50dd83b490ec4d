/**
 * Counts from projections say what the rows say (I8): whatever is inserted twice, merged or expired, and wherever the
 * range begins.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareRollups } from '../../src/clickhouse/audit.ts';
import { bucketsOf } from '../../src/query/buckets.ts';
import { bucketsSql, groupsSql } from '../../src/query/count-sql.ts';
import { startTestStore, type TestStore } from '../../support/engine.ts';
import { type RowParts, rowLines } from '../../support/rows.ts';
import { filterOf } from './stored-rows.ts';

const hourMs = 3_600_000;
const begin = Date.parse('2026-11-20T00:00:00Z');
const now = '2026-11-22T19:00:00Z';
let opened: TestStore;

/** Over four days, many exactly at the edges of hours. */
const events: RowParts[] = Array.from({ length: 900 }, (_, at) => {
  const offsetMs = at % 3 === 0 ? (at % 96) * hourMs : (at * 7_919_333) % (96 * hourMs);
  const milliseconds = new Date(begin + offsetMs).toISOString().slice(0, -1).replace('T', ' ');
  const occurred = `${milliseconds}${at % 2 === 0 ? '000' : '999'}`;
  const name = at % 5 === 0 ? {} : { 'prefect.resource.name': `name ${at}` };
  return { seq: at + 1, occurred, event: `e.${at % 7}`, resource: { 'prefect.resource.id': `r${at % 11}`, ...name } };
});

beforeAll(async () => {
  opened = await startTestStore();
  for (let from = 0; from < events.length; from += 90) {
    const body = rowLines(events.slice(from, from + 90));
    await opened.store.insertRows(body, `e:${from}`);
    // An answer that was lost on its way: the same batch again.
    await opened.store.insertRows(body, `e:${from}`);
  }
});
afterAll(() => opened?.stop());

const time = (ms: number, micros: number) =>
  `${new Date(ms).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`;
const moment = fc.oneof(
  fc.integer({ min: -5, max: 101 }).map((hours) => time(begin + hours * hourMs, 0)),
  fc
    .tuple(fc.integer({ min: -5 * hourMs, max: 101 * hourMs }), fc.nat(999))
    .map(([ms, micros]) => time(begin + ms, micros)),
);
const names = fc.constantFrom(
  {},
  { event: { prefix: ['e.'], excludePrefix: ['e.3'], name: [], excludeName: ['e.1'] } },
);

/** The rows, the same read from projections and without. */
async function bothWays<Row>(sql: string, params: Record<string, unknown>): Promise<Row[]> {
  const read = (optimize_use_projections: 0 | 1) =>
    opened.store.rows<Row>(sql, params, { settings: { optimize_use_projections } });
  const rows = await read(1);
  expect(rows).toEqual(await read(0));
  return rows;
}

/** The rows alone, without any of the middle's arithmetic. */
async function countOf(since: string, until: string, excluded: boolean): Promise<number> {
  const inside = ({ occurred = '', event = '' }: RowParts) => {
    const at = `${occurred.replace(' ', 'T')}Z`;
    return at >= since && at <= until && !(excluded && (event === 'e.3' || event === 'e.1'));
  };
  return events.filter(inside).length;
}

test('law: over any range the groups and buckets read from projections are those of the rows, and add up', async () => {
  const units = fc.constantFrom(...(['week', 'day', 'hour', 'minute'] as const));
  await fc.assert(
    fc.asyncProperty(
      moment,
      moment,
      names,
      units,
      fc.constantFrom(1, 2, 0.5),
      async (one, other, changes, unit, interval) => {
        const [since, until] = [one, other].toSorted() as [string, string]; // two in, two out
        const filter = filterOf(since, until, changes);
        const wanted = await countOf(since, until, 'event' in changes);
        for (const countable of ['event', 'resource'] as const) {
          const { sql, params } = groupsSql([filter], countable);
          const groups = await bothWays<{ count: number }>(sql, params);
          expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(wanted);
        }
        const { sql, params } = bucketsSql([filter], bucketsOf({ since, until }, unit, interval, now));
        const buckets = await bothWays<{ bucket_count: number }>(sql, params);
        expect(buckets.reduce((sum, { bucket_count }) => sum + bucket_count, 0)).toBe(wanted);
      },
    ),
    { numRuns: 60 },
  );
}, 600_000);

test.each([
  ['event', 'hour_event'],
  ['resource', 'six_hours_resource'],
] as const)('a count by %s over days reads the projection %s', async (countable, projection) => {
  const { sql, params } = groupsSql([filterOf('2026-11-19T23:10:00Z', '2026-11-23T00:10:00Z')], countable);
  expect(JSON.stringify(await opened.store.rows(`EXPLAIN ${sql}`, params))).toContain(`(${projection})`);
});

test('a count by hour over days reads the projection hour_event, one by half hours the rows', async () => {
  const range = { since: '2026-11-19T23:10:00Z', until: '2026-11-23T00:10:00Z' };
  const plan = async (interval: number) => {
    const { sql, params } = bucketsSql([filterOf(range.since, range.until)], bucketsOf(range, 'hour', interval, now));
    return JSON.stringify(await opened.store.rows(`EXPLAIN ${sql}`, params));
  };
  expect(await plan(1)).toContain('(hour_event)');
  expect(await plan(0.5)).not.toContain('(hour_event)');
});

test('merged, and with a day expired, the projections still say what the rows say', async () => {
  await opened.store.command('OPTIMIZE TABLE events FINAL');
  const same = [
    { rollup: 'hour_event', groups: expect.any(Number), isSame: true },
    { rollup: 'six_hours_resource', groups: expect.any(Number), isSame: true },
  ];
  expect(await compareRollups(opened.store)).toEqual(same);
  const early = rowLines([
    { seq: 1001, received: '2026-11-19 01:00:00.000000', event: 'late', occurred: '2026-11-21 05:00:00.000000' },
  ]);
  await opened.store.insertRows(early, 'early');
  await opened.store.command(`ALTER TABLE events DROP PARTITION ('2026-11-19', 0, 0)`);
  expect(await compareRollups(opened.store)).toEqual(same);
});
