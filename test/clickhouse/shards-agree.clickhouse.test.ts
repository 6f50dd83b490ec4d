/**
 * Three shards give the answers of one server on the same events (I7, I8): pages, totals, counts, exports, and history
 * for subscribers.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CountRequest } from '../../schemas/count.ts';
import type { Filter } from '../../schemas/filter.ts';
import { wholeScope } from '../../schemas/read-scope.ts';
import { openKeys } from '../../src/base/keys.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { compareRollups, countRange, missingSeqs, repeated } from '../../src/clickhouse/audit.ts';
import { QuerySlots } from '../../src/clickhouse/query-slots.ts';
import type { Store } from '../../src/clickhouse/store.ts';
import { completeFilter } from '../../src/filter/validate-filter.ts';
import { createHistoryReader } from '../../src/history/history.ts';
import { parsePlace } from '../../src/history/position.ts';
import { readTexts } from '../../src/history/read-texts.ts';
import { countEvents } from '../../src/query/count-events.ts';
import { exportEvents } from '../../src/query/export-events.ts';
import { createPageFilters } from '../../src/query/page-filters.ts';
import { readFirstPage, readNextPage } from '../../src/query/read-page.ts';
import { silentLog, startTestStore, type TestStore } from '../../support/engine.ts';
import { randomFrom } from '../../support/random.ts';
import { type RowParts, rowLines } from '../../support/rows.ts';
import { openShardStore } from '../../support/shard-store.ts';
import { startShards, type TestShards } from '../../support/shards.ts';

const events = 3000;
const now = new Date('2026-11-22T19:08:27.919Z');
let shards: TestShards;
let one: TestStore;
let many: Store;
let rows: RowParts[] = [];

beforeAll(async () => {
  [shards, one] = await Promise.all([startShards(3), startTestStore()]);
  many = openShardStore(shards);
  await many.whenReady(AbortSignal.timeout(60_000));
  rows = sampleRows();
  for (let first = 0; first < events; first += 500) {
    const batch = rowLines(rows.slice(first, first + 500));
    for (const store of [one.store, many]) await store.insertRows(batch, `e:${first + 1}-${first + 500}`);
  }
}, 180_000);
afterAll(async () => {
  await many?.close();
  await Promise.all([one?.stop(), shards?.stop()]);
});

/** Three days of events, some of them at one instant. */
function sampleRows(): RowParts[] {
  const random = randomFrom(20);
  const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)] as Value; // never empty
  return Array.from({ length: events }, (_, at) => {
    const micros = Math.floor(random() * 3 * 86_400) * 1000 + pick([0, 0, 1, 999]);
    const occurred = new Date(Date.parse('2026-11-19T12:00:00Z') + micros).toISOString().replace('T', ' ').slice(0, -1);
    const flow = Math.floor(random() * 40);
    return {
      seq: at + 1,
      id: `${hex(random, 8)}-0000-4000-8000-${hex(random, 12)}`,
      occurred: `${occurred}${pick(['000', '001'])}`,
      event: pick(['flow.started', 'flow.completed', 'flow.failed', 'task.completed', 'log']),
      resource: {
        'prefect.resource.id': `flow-run.${Math.floor(random() * 300)}`,
        'prefect.resource.name': `run ${at}`,
        region: pick(['eu', 'us', 'ap']),
      },
      related: [
        { 'prefect.resource.id': `flow.${flow}`, 'prefect.resource.role': 'flow' },
        { 'prefect.resource.id': `tag.${pick(['a', 'b'])}`, 'prefect.resource.role': 'tag' },
      ],
      search: pick(['disk full', 'all is well', 'timeout at noon']),
    };
  });
}

function hex(random: () => number, digits: number): string {
  return Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');
}

const none = { prefix: [], excludePrefix: [], name: [], excludeName: [] };
const noResource = { id: [], idPrefix: [], labels: {}, distinct: false };
const noRelated = { id: [], role: [], resourcesInRoles: [], labels: {} };

const filters: Readonly<Record<string, () => Partial<Filter>>> = {
  everything: () => ({}),
  'oldest first': () => ({ order: 'ASC' }),
  'a window': () => ({ occurred: { since: '2026-11-20T00:00:00Z', until: '2026-11-20T06:00:00Z' } }),
  'an event name': () => ({ event: { ...none, name: ['flow.failed'] } }),
  'a prefix without a name': () => ({ event: { ...none, prefix: ['flow.'], excludeName: ['flow.started'] } }),
  'a label': () => ({ resource: { ...noResource, labels: { region: ['eu'] } } }),
  'a label by a pattern': () => ({ resource: { ...noResource, labels: { region: ['*p', '!eu'] } } }),
  'a resource': () => ({ resource: { ...noResource, id: ['flow-run.7', 'flow-run.8'] } }),
  'one of each resource': () => ({ resource: { ...noResource, distinct: true } }),
  'a related resource in a role': () => ({ related: [{ ...noRelated, id: ['flow.3'], role: ['flow'] }] }),
  'a few ids': () => ({ id: rows.slice(100, 103).map(({ id = '' }) => id) }),
  'so many ids that the filter is kept': () => ({ id: rows.slice(0, 400).map(({ id = '' }) => id), order: 'ASC' }),
  text: () => ({ text: { include: ['disk', 'timeout'], required: [], exclude: ['noon'] } }),
};

function filterOf(changes: Partial<Filter>): Filter {
  const occurred = { since: '2026-11-01T00:00:00Z', until: '2026-11-30T00:00:00Z' };
  return completeFilter({ occurred, order: 'DESC', ...changes });
}

const keys = openKeys('', 'a secret of enough characters');
const pageParts = (store: Store) => ({
  ...{ store, keys, checkpoint: () => events - 10 },
  filters: createPageFilters(store, { log: silentLog, counters: createCounters() }),
});

async function allPages(store: Store, filter: Filter) {
  const parts = pageParts(store);
  let page = await readFirstPage(parts, { filter, limit: 90 }, wholeScope);
  const [totals, texts] = [[page.total], [...page.events]];
  while (page.token !== null) {
    page = await readNextPage(parts, page.token, wholeScope);
    totals.push(page.total);
    texts.push(...page.events);
  }
  return { totals, texts };
}

test.each(Object.keys(filters))(
  'all pages and totals of %s are those of one server',
  async (name) => {
    const filter = filterOf(filters[name]?.() ?? {});
    const [single, sharded] = await Promise.all([allPages(one.store, filter), allPages(many, filter)]);
    expect(single.texts.length).toBe(single.totals[0]);
    expect(single.texts.length).toBeGreaterThan(2);
    expect(sharded).toEqual(single);
  },
  60_000,
);

async function countsOf(store: Store, request: CountRequest): Promise<string> {
  const outcome = countEvents({ store }, { ...request, now }, wholeScope);
  if (!outcome.ok) throw new Error(outcome.tooManyBuckets);
  let text = '';
  for await (const part of outcome.counts) text += Buffer.from(part).toString();
  return text;
}

const counted: readonly Partial<Filter>[] = [
  { occurred: { since: '2026-11-19T10:17:00Z', until: '2026-11-22T19:00:00Z' } },
  { event: { ...none, name: ['flow.failed', 'log'] } },
  { resource: { ...noResource, labels: { region: ['eu'] } } },
  { related: [{ ...noRelated, id: ['flow.3'] }] },
  { event: { ...none, prefix: ['flow.'] }, resource: { ...noResource, id: ['flow-run.7'] } },
];
const kinds: readonly Omit<CountRequest, 'filter'>[] = [
  { countable: 'day', unit: 'day', interval: 1 },
  { countable: 'time', unit: 'hour', interval: 1 },
  { countable: 'time', unit: 'minute', interval: 30 },
  { countable: 'event', unit: 'day', interval: 1 },
  { countable: 'resource', unit: 'day', interval: 1 },
  { countable: { label: 'region' }, unit: 'day', interval: 1 },
];
const counts = counted.flatMap((filter, nth) =>
  kinds.map((kind) => [nth, JSON.stringify(kind), filter, kind] as const),
);

test.each(counts)('counts of filter %i by %s are those of one server', async (_nth, _kind, changes, kind) => {
  const occurred = { since: '2026-11-18T00:00:00Z', until: '2026-11-24T00:00:00Z' };
  const filter = filterOf({ occurred, ...changes });
  const [single, sharded] = [await countsOf(one.store, { filter, ...kind }), await countsOf(many, { filter, ...kind })];
  expect(single).not.toBe('');
  expect(sharded).toBe(single);
});

test('there are at least 12 filters and 30 counts', () => {
  expect([Object.keys(filters).length >= 12, counts.length]).toEqual([true, 30]);
});

test('an export is that of one server, line by line', async () => {
  const lines = async (store: Store): Promise<string> => {
    const parts = {
      ...pageParts(store),
      ...{ slots: new QuerySlots(1), parsePlace },
      readTexts: (...given: Parameters<typeof readTexts> extends [unknown, ...infer Rest] ? Rest : never) =>
        readTexts(store, ...given),
    };
    const request = { filter: filterOf({}) };
    const { lines: texts } = await exportEvents(parts, request, wholeScope, new AbortController().signal);
    let text = '';
    for await (const part of texts) text += Buffer.from(part).toString();
    return text;
  };
  const [single, sharded] = [await lines(one.store), await lines(many)];
  expect(single.trimEnd().split('\n').length).toBe(events - 10);
  expect(sharded === single).toBe(true);
});

test('history for a subscriber, and what is still kept, are those of one server', async () => {
  const pages = async (store: Store) => {
    const reader = createHistoryReader(store, { retentionDays: 3650, elapsedMs: () => 0 });
    const seqs: number[] = [];
    const range = { after: 17, checkpoint: events - 10 };
    for (let from = null as Awaited<ReturnType<typeof reader.byOccurred>>['next'], isFirst = true; isFirst || from; ) {
      const max = { rows: 700, bytes: 1_000_000 };
      const page = await reader.byOccurred([filterOf({})], range, from, max, new AbortController().signal);
      for (const slice of page.slices) for (const { seq } of slice) seqs.push(seq);
      [from, isFirst] = [page.next, false];
    }
    return { seqs, kept: (await reader.retained()).seq };
  };
  const [single, sharded] = [await pages(one.store), await pages(many)];
  expect(single.seqs.length).toBe(events - 27);
  expect(sharded).toEqual(single);
});

test('`verify` finds of three shards what it finds of one server, projections included', async () => {
  const range = { first: 1, last: events + 5 };
  const known = new Set([events + 2]);
  const found = async (store: Store) => ({
    counts: await countRange(store, range),
    missing: await missingSeqs(store, range, known, 10),
    repeated: await repeated(store, range, 'id', 10),
    rollups: await compareRollups(store),
  });
  const [single, sharded] = [await found(one.store), await found(many)];
  expect(single.missing).toEqual([1, 3, 4, 5].map((beyond) => events + beyond));
  expect(single.rollups.every(({ isSame, groups }) => isSame && groups > 100)).toBe(true);
  expect(sharded).toEqual(single);
});
