/**
 * Links stay short whatever was asked: large filters are kept in a real ClickHouse, and a token goes on with them from
 * any gateway, after a restart too, until they are gone (I7).
 */

import { randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Filter } from '../../schemas/filter.ts';
import { wholeScope } from '../../schemas/read-scope.ts';
import { openKeys } from '../../src/base/keys.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { QuerySlots } from '../../src/clickhouse/query-slots.ts';
import { openStore } from '../../src/clickhouse/store.ts';
import { parsePlace } from '../../src/history/position.ts';
import { readTexts } from '../../src/history/read-texts.ts';
import { type ExportParts, exportEvents } from '../../src/query/export-events.ts';
import { createPageFilters, type PageFilterBounds } from '../../src/query/page-filters.ts';
import { type KeptState, openToken, sealToken } from '../../src/query/page-token.ts';
import { type PageParts, readFirstPage, readNextPage } from '../../src/query/read-page.ts';
import { silentLog, startTestStore, type TestStore, testStoreOptions } from '../../support/engine.ts';
import { until } from '../../support/poll.ts';
import { filterOf, insert, newest, type Sample, sample } from './stored-rows.ts';

/** What a link holds beside its token, at its longest: scheme, host and port, prefix, path. */
const restCharactersMax = 'https://'.length + 262 + 256 + '/api/events/filter/next?page-token='.length;
const linkCharactersMax = 2048;
const keys = openKeys('.', 'a secret of page filters');
const name = `kept.${randomUUID()}`;
let engine: TestStore;
let samples: Sample[];

beforeAll(async () => {
  engine = await startTestStore();
  samples = Array.from({ length: 5 }, (_, at) => sample(`2026-11-16T00:00:0${at}Z`, name, `c.${at}`));
  await insert(engine.store, samples);
});
afterAll(() => engine?.stop());
beforeEach(() => engine.store.command('TRUNCATE TABLE page_filters'));

const watch = { log: silentLog, counters: createCounters() };
const nowhere = { limit: 1, total: 1, remaining: 1, checkpoint: 1, after: null };

/** As one gateway has them; each has its own memory. */
function gateway(bounds?: PageFilterBounds): PageParts {
  const filters = createPageFilters(engine.store, watch, bounds && { bounds });
  return { store: engine.store, keys, filters, checkpoint: newest };
}

/** Finds the samples, and asks for many more resources, of which there are none. */
function large(ids: number, changes: Partial<Filter> = {}): Filter {
  const none = Array.from({ length: ids }, () => randomUUID());
  const resource = {
    id: [...samples.map(({ resource }) => resource['prefect.resource.id']!), ...none],
    idPrefix: [],
    labels: {},
    distinct: false,
  };
  const event = { prefix: [], excludePrefix: [], name: [name], excludeName: [] };
  return filterOf('2026-11-15T00:00:00Z', '2026-11-17T00:00:00Z', { event, resource, order: 'ASC', ...changes });
}

async function readAll(filter: Filter, limit: number, next = gateway): Promise<{ events: string[]; tokens: string[] }> {
  let page = await readFirstPage(gateway(), { filter, limit }, wholeScope);
  const [events, tokens] = [[...page.events], [] as string[]];
  while (page.token !== null) {
    tokens.push(page.token);
    page = await readNextPage(next(), page.token, wholeScope);
    events.push(...page.events);
  }
  return { events, tokens };
}

const rows = async (): Promise<number> =>
  Number((await engine.store.rows<{ n: number }>('SELECT count() AS n FROM page_filters', {}))[0]?.n);

test('pages of any filter are the whole by links of less than 2 kB, each from another gateway', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(0, 1, 20, 30, 40, 60, 300, 3_000),
      fc.constantFrom(1, 2, 4),
      async (ids, limit) => {
        const { events, tokens } = await readAll(large(ids), limit);
        expect(events).toEqual(samples.map(({ raw }) => raw));
        for (const token of tokens) expect(token.length + restCharactersMax).toBeLessThan(linkCharactersMax);
      },
    ),
    {
      numRuns: 5,
      examples: [
        [0, 2],
        [28, 2],
        [3_000, 1],
      ],
    },
  );
});

test('a token is short whatever a filter holds, at every length around the bound', async () => {
  const filters = createPageFilters(
    { rows: async () => [], command: async () => {}, insertValues: async () => {} },
    watch,
  );
  const after = { occurred: '9999-12-31 23:59:59.999999', id: randomUUID() };
  const state = { limit: 50, total: 2 ** 53 - 1, remaining: 2 ** 53 - 2, checkpoint: 2 ** 53 - 3, after };
  let kept = 0;
  for (let bytes = 0; bytes < 2_000; bytes += 7) {
    const filter = large(0, {
      text: { include: [randomBytes(bytes).toString('base64url')], required: [], exclude: [] },
    });
    const held = await filters.hold(filter);
    if ('kept' in held) kept += 1;
    expect(sealToken(keys, '', { ...state, ...held }).length + restCharactersMax).toBeLessThan(linkCharactersMax);
  }
  expect(kept).toBeGreaterThan(50);
  expect(kept).toBeLessThan(2_000 / 7 - 50);
});

test('a filter of 1 MiB is kept, found again and exported with, over a restart of the store', async () => {
  const filter = large(26_000);
  expect(JSON.stringify(filter).length).toBeGreaterThan(1_000_000);
  const first = await readFirstPage(gateway(), { filter, limit: 3 }, wholeScope);
  expect(first.token?.length).toBeLessThan(1_000);
  const again = openStore({ ...testStoreOptions, source: { ...engine.engine, stop: () => Promise.resolve() } });
  await again.whenReady(AbortSignal.timeout(30_000));
  try {
    const filters = createPageFilters(again, watch);
    const page = await readNextPage({ store: again, keys, filters, checkpoint: newest }, first.token ?? '', wholeScope);
    expect([...first.events, ...page.events]).toEqual(samples.map(({ raw }) => raw));
  } finally {
    await again.close();
  }
  const texts: ExportParts['readTexts'] = (...given) => readTexts(engine.store, ...given);
  const parts = { ...gateway(), readTexts: texts, slots: new QuerySlots(1), parsePlace };
  const begun = await exportEvents(parts, { filter }, wholeScope, new AbortController().signal);
  expect(begun.token.length).toBeLessThan(1_000);
  let text = '';
  for await (const lines of begun.lines) text += Buffer.from(lines).toString();
  expect(text.trimEnd().split('\n')).toEqual(samples.map(({ raw }) => raw));
  const after = { occurred: samples[1]!.occurred, id: samples[1]!.id };
  const { lines } = await exportEvents(parts, { token: begun.token, after }, wholeScope, new AbortController().signal);
  let rest = '';
  for await (const more of lines) rest += Buffer.from(more).toString();
  expect(rest.trimEnd().split('\n')).toEqual(samples.slice(2).map(({ raw }) => raw));
});

test('small filters, and pages without a next one, leave nothing in the table', async () => {
  await readAll(large(3), 1);
  await readFirstPage(gateway(), { filter: large(500), limit: 50 }, wholeScope);
  expect(await rows()).toBe(0);
});

test('the same filter asked again and again, of a window that moves, is kept once', async () => {
  const filter = large(200);
  for (const day of [17, 18, 19]) {
    const moved = { ...filter, occurred: { ...filter.occurred, until: `2026-11-${day}T00:00:00Z` } };
    expect((await readAll(moved, 2)).events).toHaveLength(5);
  }
  expect(await rows()).toBe(1);
});

test('questions at once share inserts, and each link holds', async () => {
  const parts = gateway();
  const filters = Array.from({ length: 8 }, () => large(100));
  const pages = await Promise.all(filters.map((filter) => readFirstPage(parts, { filter, limit: 2 }, wholeScope)));
  for (const page of pages) {
    const next = await readNextPage(gateway(), page.token ?? '', wholeScope);
    expect(next.events).toEqual(samples.slice(2, 4).map(({ raw }) => raw));
  }
  expect(await rows()).toBe(8);
});

test('beyond the bounds the oldest go, and their links say so; the newest stay', async () => {
  for (const bounds of [
    { filtersMax: 16, bytesMax: 2 ** 30 },
    { filtersMax: 10_000, bytesMax: 16 * 8_300 },
  ]) {
    await engine.store.command('TRUNCATE TABLE page_filters');
    const counters = createCounters();
    const filters = createPageFilters(engine.store, { log: silentLog, counters }, { bounds });
    const held: KeptState[] = [];
    for (let round = 0; round < 6; round += 1) {
      const four = await Promise.all([1, 2, 3, 4].map(() => filters.hold(large(200))));
      for (const one of four) if ('kept' in one) held.push({ ...one, ...nowhere });
    }
    // The bounds are looked after behind the answer.
    const isSettled = async () => {
      const left = await rows();
      return (left <= 16 && left === counters.pageFiltersKept - counters.pageFiltersDropped) || undefined;
    };
    await until('16 filters are left, and the others counted', isSettled, 30_000);
    const outcomeOf = (state: KeptState | undefined) =>
      filters.filterOf(state!).then(
        () => 'there',
        (error: { failure?: string; message: string }) => `${error.failure}: ${error.message}`,
      );
    const gone = 'pageFilterGone: The filter behind this token is no longer kept: ask again with the filter itself.';
    expect(held).toHaveLength(24);
    expect(counters.pageFiltersKept).toBe(24);
    expect(await Promise.all([0, 3, 7].map((at) => outcomeOf(held[at])))).toEqual([gone, gone, gone]);
    expect(await Promise.all([14, 20, 23].map((at) => outcomeOf(held[at])))).toEqual(['there', 'there', 'there']);
  }
});

test('what another hand put in its place is not taken for the filter', async () => {
  const { token } = await readFirstPage(gateway(), { filter: large(300), limit: 2 }, wholeScope);
  const opened = openToken(keys, '', token ?? '');
  if (!('kept' in opened)) throw new Error('a large filter is kept');
  await engine.store.command('TRUNCATE TABLE page_filters');
  await engine.store.insertValues('page_filters', [{ hash: opened.kept.hash, filter: '{}' }]);
  await expect(readNextPage(gateway(), token ?? '', wholeScope)).rejects.toMatchObject({ failure: 'pageFilterGone' });
});

test('filters are kept as long as events may be, as the retention says at each start', async () => {
  const definition = async () =>
    (
      await engine.store.rows<{ sql: string }>(
        "SELECT create_table_query AS sql FROM system.tables WHERE name = 'page_filters'",
        {},
      )
    )[0]?.sql;
  expect(await definition()).toContain(`TTL toDateTime(made) + toIntervalDay(${testStoreOptions.retentionDays})`);
  const retentionOverrides = { 'door.opened': 5_000, heartbeat: 1 };
  const other = openStore({
    ...testStoreOptions,
    retentionOverrides,
    source: { ...engine.engine, stop: () => Promise.resolve() },
  });
  await other.whenReady(AbortSignal.timeout(30_000));
  await other.close();
  expect(await definition()).toContain('TTL toDateTime(made) + toIntervalDay(5000)');
});
