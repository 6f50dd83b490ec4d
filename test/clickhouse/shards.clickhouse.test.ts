/**
 * Three real shards without replicas and without Keeper (I1, I8, I9): Sluice makes their tables itself, says which one
 * is away, and refuses what is not a cluster of its URLs.
 */
import { createClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Store } from '../../src/clickhouse/store.ts';
import { withoutSeqs } from '../../src/event-log/row.ts';
import { settledOf } from '../../src/table-writer/stored-of.ts';
import { rowLines } from '../../support/rows.ts';
import { openShardStore } from '../../support/shard-store.ts';
import { startShards, type TestShards } from '../../support/shards.ts';

let shards: TestShards;
let store: Store;
beforeAll(async () => {
  shards = await startShards(3);
  store = openShardStore(shards);
  await store.whenReady(AbortSignal.timeout(60_000));
}, 120_000);
afterAll(async () => {
  await store?.close();
  await shards?.stop();
});

async function ask<Row>(shard: number, query: string): Promise<Row[]> {
  const endpoint = shards.endpoints[shard - 1];
  if (endpoint === undefined) throw new Error(`there is no shard ${shard}`);
  const client = createClient(endpoint);
  try {
    return await (await client.query({ query, format: 'JSONEachRow' })).json<Row>();
  } finally {
    await client.close();
  }
}

const rowsFrom = (first: number, count: number) =>
  rowLines(Array.from({ length: count }, (_, at) => ({ seq: first + at })));
const counted = () => store.rows('SELECT count() AS rows, uniqExact(seq) AS seqs FROM events', {});

test('each shard has the tables of events, the first one has the small tables too, and migrations run once', async () => {
  const names = async (shard: number) =>
    (await ask<{ name: string }>(shard, 'SELECT name FROM system.tables WHERE database = currentDatabase()'))
      .map(({ name }) => name)
      .sort();
  expect(await names(1)).toEqual(['events', 'events_local', 'journals', 'page_filters', 'schema_migrations']);
  expect(await names(2)).toEqual(['events', 'events_local']);
  expect(await names(3)).toEqual(['events', 'events_local']);
  const recorded = await ask(1, 'SELECT number FROM schema_migrations ORDER BY number');
  const again = openShardStore(shards);
  await again.whenReady(AbortSignal.timeout(30_000));
  await again.close();
  expect(await ask(1, 'SELECT number FROM schema_migrations ORDER BY number')).toEqual(recorded);
});

test('rows are on all shards, and a batch sent again under its token adds nothing, through another shard too', async () => {
  const rows = rowsFrom(1, 2000);
  await store.insertRows(rows, 'e:1-2000');
  await store.insertRows(rows, 'e:1-2000');
  expect(await counted()).toEqual([{ rows: 2000, seqs: 2000 }]);
  for (const shard of [1, 2, 3]) {
    const [own] = await ask<{ rows: string }>(shard, 'SELECT count() AS rows FROM events_local');
    expect(Number(own?.rows)).toBeGreaterThan(500);
  }
});

test('a row that is refused for its content is refused before any shard has a part of its batch', async () => {
  const before = await counted();
  const bad = rowLines([{ seq: 3001 }, { seq: 3002, envelope: '{"occurred":"x' }, { seq: 3003 }, { seq: 3004 }]);
  await expect(store.insertRows(bad, 'e:3001-3004')).rejects.toThrow('refused the rows (code 469');
  expect(await counted()).toEqual(before);
});

test('what is there of a range is seen on all shards, and completed without a repeat', async () => {
  const rows = rowsFrom(4001, 30);
  const range = { first: 4001, last: 4030 };
  const half = new Set(Array.from({ length: 15 }, (_, at) => 4001 + at));
  await store.insertRows(withoutSeqs(rows, half), 'another token');
  // What was refused before may be under way on another shard for a moment yet.
  await expect.poll(() => settledOf(store, 'e', range).then(({ size }) => size, String)).toBe(15);
  const stored = await settledOf(store, 'e', range);
  await store.insertRows(withoutSeqs(rows, stored), 'e:4001-4030:without-15');
  await expect.poll(() => settledOf(store, 'e', range).then(({ size }) => size, String)).toBe(30);
  const sql = 'SELECT count() AS rows FROM events WHERE seq BETWEEN 4001 AND 4030';
  expect(await store.rows(sql, {})).toEqual([{ rows: 30 }]);
});

test('nothing is decided while any shard still works on an insert of the epoch', async () => {
  // Straight into a shard that is not asked, as what is left there of a Distributed insert whose first server died.
  const endpoint = shards.endpoints[2];
  if (endpoint === undefined) throw new Error('there are three');
  const client = createClient({ ...endpoint, database: 'default' });
  const slow = client.command({
    query: `INSERT INTO ${endpoint.database}.events_local (seq, id, received, occurred, resource_id)
      SELECT 5000, generateUUIDv4(), now(), now(), 'r' FROM numbers(3) WHERE sleepEachRow(1) = 0`,
    clickhouse_settings: { insert_deduplication_token: 'slow:1-2', async_insert: 0 },
  });
  const range = { first: 1, last: 2 };
  await expect.poll(() => settledOf(store, 'slow', range).then(String, String)).toMatch(/still works on an insert/);
  expect((await settledOf(store, 'other', range)).size).toBe(2);
  await slow;
  await client.close();
  await expect.poll(() => settledOf(store, 'slow', range).then(({ size }) => size, String)).toBe(2);
});

test.each([
  ['in another order', (all: TestShards['endpoints']) => [...all].reverse(), /is shard 3, and not 1/],
  ['without one of them', (all: TestShards['endpoints']) => all.slice(0, 2), /3 shards, and 2 URLs/],
])('URLs %s are refused with a sentence', async (_, choose, sentence) => {
  const wrong = openShardStore(shards, {}, choose(shards.endpoints));
  await expect.poll(() => wrong.status.phase, { timeout: 20_000 }).toBe('refused');
  expect(wrong.status.reason).toMatch(sentence);
  await wrong.close();
});

test('a cluster that the servers do not know is refused with its name', async () => {
  const wrong = openShardStore(shards, { clickhouseCluster: "it's another" });
  await expect.poll(() => wrong.status.phase, { timeout: 20_000 }).toBe('refused');
  expect(wrong.status.reason).toMatch(/it's another.*is not known/);
  await wrong.close();
});

test('the retention of event types is the same on every shard, and changes on each', async () => {
  const changed = openShardStore(shards, { retentionDays: 3000, retentionOverrides: { 'thing.happened': 40 } });
  await changed.whenReady(AbortSignal.timeout(30_000));
  await changed.insertRows(rowsFrom(6001, 200), 'e:6001-6200');
  await changed.close();
  for (const shard of [1, 2, 3]) {
    const own = await ask<{ days: number }>(
      shard,
      'SELECT DISTINCT retention_days AS days FROM events_local WHERE seq > 6000',
    );
    expect(own).toEqual([{ days: 40 }]);
    const [table] = await ask<{ sql: string }>(
      shard,
      `SELECT create_table_query AS sql FROM system.tables WHERE name = 'events_local'`,
    );
    expect(table?.sql).toContain('if(retention_days = 0, 3000, retention_days)');
  }
});

test('while a shard is dead the store says which one, answers with that, and serves again once it is back', async () => {
  await shards.kill(2);
  const address = shards.addressOf(2);
  const told = await store.rows('SELECT count() FROM events', {}).catch((error: unknown) => error);
  expect(told).toMatchObject({ failure: 'storeUnavailable' });
  // By the statement itself, or by who watches the shards, if that one was first.
  expect(String(told)).toMatch(new RegExp(`its server ${address}|shard 2 \\(http`));
  await expect.poll(() => store.status, { timeout: 15_000 }).toMatchObject({ phase: 'unavailable' });
  await expect(store.insertRows(rowsFrom(7001, 10), 'e:7001-7010')).rejects.toMatchObject({
    failure: 'storeUnavailable',
  });
  await shards.start(2);
  // An engine may die of another one's death, a moment later.
  const isReady = async (): Promise<string> => {
    await shards.mend();
    return store.status.phase;
  };
  await expect.poll(isReady, { timeout: 60_000 }).toBe('ready');
  await store.insertRows(rowsFrom(7001, 10), 'e:7001-7010');
  expect(await store.rows('SELECT count() AS rows FROM events WHERE seq > 7000', {})).toEqual([{ rows: 10 }]);
}, 120_000);

test('a shard that hangs is named too', async () => {
  shards.freeze(3);
  await expect
    .poll(() => store.status, { timeout: 30_000 })
    .toMatchObject({
      phase: 'unavailable',
      reason: `Of shard 3 (${shards.endpoints[2]?.url}): ClickHouse does not answer in time.`,
    });
  await shards.kill(3);
  await shards.start(3);
  const isReady = async (): Promise<string> => {
    await shards.mend();
    return store.status.phase;
  };
  await expect.poll(isReady, { timeout: 60_000 }).toBe('ready');
}, 120_000);

test('a shard whose tables are gone is refused with its number, for it would look like one that never had an event', async () => {
  await ask(3, 'SELECT 1');
  const endpoint = shards.endpoints[2];
  const client = createClient({ ...endpoint });
  await client.command({ query: 'RENAME TABLE events_local TO events_away' });
  const next = openShardStore(shards);
  await expect.poll(() => next.status.phase, { timeout: 20_000 }).toBe('refused');
  expect(next.status.reason).toMatch(/^Shard 3 \(http:\/\/127\.0\.0\.1:\d+\) has no table events_local/);
  await client.command({ query: 'RENAME TABLE events_away TO events_local' });
  await next.whenReady(AbortSignal.timeout(30_000));
  await next.close();
  await client.close();
});
