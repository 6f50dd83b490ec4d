/**
 * I6: one meaning of a filter. The live predicate, the SQL on a real ClickHouse and a reference written from the
 * specification alone agree on every event and every filter.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Filter } from '../../schemas/filter.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { readForcedFilter } from '../../src/access/forced-filter.ts';
import { insideWindow } from '../../src/filter/parts/occurred.ts';
import { compilePredicate } from '../../src/filter/predicate.ts';
import { filterSql } from '../../src/filter/sql.ts';
import { validateFilter } from '../../src/filter/validate-filter.ts';
import { startTestStore, type TestStore } from '../../support/engine.ts';
import { testSeed as seed } from '../seed.ts';
import { filterFrom, sampleEvents } from './arbitraries.ts';
import { referenceFits } from './reference.ts';
import { rowOf } from './row-of.ts';

const events = sampleEvents(300, seed);
const partRows = 25;
let opened: TestStore;

beforeAll(async () => {
  opened = await startTestStore();
  // Several parts, so that the indexes have something to skip.
  for (let from = 0; from < events.length; from += partRows) {
    await opened.store.insertRows(Buffer.concat(events.slice(from, from + partRows).map(rowOf)), `part-${from}`);
  }
});
afterAll(() => opened?.stop());

function seqsOf(fits: (event: StoredEvent) => boolean): number[] {
  return events.filter(fits).map(({ seq }) => seq);
}

function valid(sent: Record<string, unknown>): Filter {
  const checked = validateFilter(sent, { loc: [], now: new Date(), openEnded: false });
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  return checked.value;
}

async function checkAgreement(sent: Record<string, unknown>): Promise<number> {
  const filter = valid(sent);
  const fits = compilePredicate([filter]);
  const { where, params } = filterSql([filter]);
  const rows = await opened.store.rows<{ seq: number }>(`SELECT seq FROM events WHERE ${where} ORDER BY seq`, params);
  const reference = seqsOf((event) => referenceFits(sent, event));
  expect(
    seqsOf((event) => fits(event) && insideWindow(filter.occurred, event.body.occurred)),
    'predicate',
  ).toEqual(reference);
  expect(
    rows.map(({ seq }) => seq),
    `sql: ${where} ${JSON.stringify(params)}`,
  ).toEqual(reference);
  return reference.length;
}

test(`predicate, SQL and reference agree on random filters (events of seed ${seed})`, async () => {
  let tried = 0;
  let telling = 0;
  await fc.assert(
    fc.asyncProperty(filterFrom(events), async (sent) => {
      const hits = await checkAgreement(sent);
      tried += 1;
      if (hits > 0 && hits < events.length) telling += 1;
    }),
    { numRuns: 300 },
  );
  expect(telling / tried).toBeGreaterThan(0.5);
}, 600_000);

test('of a filter and one that is forced on it, all say the same: what fits both, windows and all', async () => {
  let telling = 0;
  await fc.assert(
    fc.asyncProperty(filterFrom(events), filterFrom(events), async (one, { order: _, ...other }) => {
      const forced = readForcedFilter(withoutDistinct(other));
      if (!forced.ok) throw new Error(JSON.stringify(forced.issues));
      const filters = [valid(one), forced.value] as const;
      const { where, params } = filterSql(filters);
      const rows = await opened.store.rows<{ seq: number }>(
        `SELECT seq FROM events WHERE ${where} ORDER BY seq`,
        params,
      );
      const window = forced.value.occurred;
      const wanted = seqsOf(
        (event) =>
          referenceFits(one, event) &&
          referenceFits({ ...other, occurred: window }, event) &&
          insideWindow(window, event.body.occurred),
      );
      expect(rows.map(({ seq }) => seq)).toEqual(wanted);
      const fits = compilePredicate(filters);
      const isInside = (time: string): boolean => filters.every(({ occurred }) => insideWindow(occurred, time));
      expect(seqsOf((event) => fits(event) && isInside(event.body.occurred))).toEqual(wanted);
      if (wanted.length > 0) telling += 1;
    }),
    { numRuns: 500 },
  );
  expect(telling).toBeGreaterThan(80);
}, 300_000);

/** One event of each resource is a page's own affair: it cannot be forced. */
function withoutDistinct(sent: Record<string, unknown>): Record<string, unknown> {
  const { resource } = sent;
  if (typeof resource !== 'object' || resource === null || !('distinct' in resource)) return sent;
  const { distinct: _, ...rest } = resource;
  return { ...sent, resource: rest };
}

test.each([
  [{ resource: { labels: { env: 'prod' } } }, 'resource_labels'],
  [{ resource: { id: ['flow.1', 'flow.2'] } }, 'resource_labels'],
  [{ related: { id: ['flow.1'] } }, 'related_id'],
  [{ related: { id: ['flow.1'], role: ['flow'] } }, 'related_role_id'],
  [{ related: { resources_in_roles: [['flow.1', 'flow']] } }, 'related_role_id'],
])('%j reads the index %s', async (sent, name) => {
  const { where, params } = filterSql([valid(sent)]);
  const plan = await opened.store.rows(`EXPLAIN indexes = 1 SELECT count() FROM events WHERE ${where}`, params);
  expect(JSON.stringify(plan)).toContain(`Name: ${name}`);
});
