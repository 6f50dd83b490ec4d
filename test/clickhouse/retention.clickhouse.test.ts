/**
 * How long events are kept: by type in whole parts, changed at a start; and the old table's rows in the new one (I1).
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { of } from 'rxjs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { packageRoot } from '../../src/base/package-root.ts';
import type { Endpoint, EndpointSource } from '../../src/clickhouse/endpoint.ts';
import { openStore, type Store, type StoreOptions } from '../../src/clickhouse/store.ts';
import { startTestStore, type TestStore, testStoreOptions } from '../../support/engine.ts';
import { rowLines } from '../../support/rows.ts';

let real: TestStore;
let endpoint: Endpoint;
let source: EndpointSource;
let client: ClickHouseClient;
beforeAll(async () => {
  real = await startTestStore();
});
afterAll(() => real?.stop());
beforeEach(async () => {
  endpoint = { ...(await real.endpoint()), database: `r${randomUUID().slice(0, 8)}` };
  source = { where: endpoint.database, endpoint$: of({ endpoint }), stop: () => Promise.resolve() };
  client = createClient(endpoint);
});
afterEach(() => client.close());

async function ready<Value>(options: Partial<StoreOptions>, use: (store: Store) => Promise<Value>): Promise<Value> {
  const store = openStore({ ...testStoreOptions, source, ...options });
  try {
    await store.whenReady(AbortSignal.timeout(60_000));
    return await use(store);
  } finally {
    await store.close();
  }
}

const daysAgo = (days: number) =>
  `${new Date(Date.now() - days * 86_400_000).toISOString().slice(0, -1).replace('T', ' ')}000`;
const rowsOf = (store: Store) => store.rows('SELECT seq, event, retention_days FROM events ORDER BY seq', {});
const partsOf = (store: Store) =>
  store.rows<{ days: number; types: number; rows: number }>(
    `SELECT max(retention_days) AS days, uniqExact(retention_days) AS types, count() AS rows FROM events GROUP BY _part ORDER BY days`,
    {},
  );

test('a type with days of its own has parts of its own; a batch of both sent again adds nothing', async () => {
  const retentionOverrides = { 'heart.beat': 1, "it's \\ kept": 30 };
  await ready({ retentionOverrides }, async (store) => {
    const body = rowLines([
      { seq: 1, event: 'heart.beat' },
      { seq: 2, event: 'thing.happened' },
      { seq: 3, event: "it's \\ kept" },
      { seq: 4, event: 'heart.beat' },
    ]);
    await store.insertRows(body, 'e:1-4');
    await store.insertRows(body, 'e:1-4');
    expect(await partsOf(store)).toEqual([
      { days: 0, types: 1, rows: 1 },
      { days: 1, types: 1, rows: 2 },
      { days: 30, types: 1, rows: 1 },
    ]);
  });
});

test('what is over its own days goes as a whole part, and what is kept longer stays', async () => {
  await ready({ retentionDays: 3, retentionOverrides: { short: 1, long: 30 } }, async (store) => {
    await client.command({ query: 'SYSTEM STOP MERGES events' });
    for (const [at, received] of [daysAgo(2), daysAgo(5)].entries()) {
      const events = ['short', 'plain', 'long'].map((event, nth) => ({ seq: at * 3 + nth + 1, event, received }));
      await store.insertRows(rowLines(events), `e:${at}`);
    }
    expect(await partsOf(store)).toHaveLength(6);
    const inserted = await store.rows('SELECT DISTINCT _part AS part FROM events', {});
    await client.command({ query: 'SYSTEM START MERGES events' });
    const names = async () =>
      (
        await store.rows<{ name: string }>(
          `SELECT concat(event, toString(dateDiff('day', received, now()))) AS name FROM events ORDER BY name`,
          {},
        )
      ).map(({ name }) => name);
    await client.command({ query: 'OPTIMIZE TABLE events' });
    await expect.poll(names, { timeout: 30_000 }).toEqual(['long2', 'long5', 'plain2']);
    // Dropped, not rewritten: what is left are parts as they were inserted.
    const left = await store.rows<{ part: string }>('SELECT DISTINCT _part AS part FROM events', {});
    expect(inserted).toEqual(expect.arrayContaining(left));
  });
});

test('other days for a type hold from the next start on, for events that come then', async () => {
  await ready({ retentionOverrides: { beat: 1 } }, (store) =>
    store.insertRows(rowLines([{ seq: 1, event: 'beat' }]), 'a'),
  );
  await ready({ retentionOverrides: { beat: 2 } }, (store) =>
    store.insertRows(rowLines([{ seq: 2, event: 'beat' }]), 'b'),
  );
  await ready({}, async (store) => {
    await store.insertRows(rowLines([{ seq: 3, event: 'beat' }]), 'c');
    expect(await rowsOf(store)).toEqual([
      { seq: 1, event: 'beat', retention_days: 1 },
      { seq: 2, event: 'beat', retention_days: 2 },
      { seq: 3, event: 'beat', retention_days: 0 },
    ]);
  });
});

/** A database as the program before migration 005 left it. */
async function oldDatabase(rows: number): Promise<void> {
  const maker = createClient({ ...endpoint, database: 'default' });
  await maker.command({ query: `CREATE DATABASE ${endpoint.database} ENGINE = Atomic` });
  await maker.close();
  for (const file of ['001-events.sql', '002-journals.sql']) {
    const text = readFileSync(join(packageRoot, 'schemas', 'migrations', file), 'utf8');
    await client.command({
      query: text
        .replace(/^--.*\n/gm, '')
        .replace('{{retentionDays}}', '7')
        .replace(/;\s*$/, ''),
    });
  }
  await client.command({
    query:
      'CREATE TABLE schema_migrations (number UInt32, name String, applied DateTime DEFAULT now()) ENGINE = MergeTree ORDER BY number',
  });
  await client.command({ query: `INSERT INTO schema_migrations (number, name) VALUES (1, 'events'), (2, 'journals')` });
  const parts = Array.from({ length: rows }, (_, at) => ({
    seq: at + 1,
    event: at % 2 === 0 ? 'beat' : 'other',
    received: daysAgo(at % 3),
    resource: { 'prefect.resource.id': `r${at}`, 'prefect.resource.name': 'né', env: 'prod' },
  }));
  await client.insert({
    table: 'events',
    columns: ['seq', 'id', 'received', 'occurred', 'head', 'search', 'raw'],
    format: 'TabSeparatedRaw',
    values: Readable.from([rowLines(parts)], { objectMode: false }),
  });
}

const everything = `SELECT count() AS rows, toString(sum(cityHash64(seq, id, received, occurred, search, raw, event, resource_id,
  resource_name, toString(resource), toString(related), related_ids, related_roles))) AS hash FROM events`;

test('the rows of the old table are in the new one, all and whole, and the old one is gone', async () => {
  await oldDatabase(100);
  const before = await (await client.query({ query: everything, format: 'JSONEachRow' })).json();
  await ready({ retentionOverrides: { beat: 30 } }, async (store) => {
    expect(await store.rows(everything, {})).toEqual(before);
    expect(await store.rows('SELECT count() AS rows FROM events WHERE retention_days = 30', {})).toEqual([
      { rows: 50 },
    ]);
    expect(
      await store.rows(`SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE 'events%'`, {}),
    ).toEqual([{ name: 'events' }]);
  });
});

test('a table of migration 004 is replaced as well, and each event keeps the days that it had', async () => {
  await ready({ retentionOverrides: { beat: 2 } }, (store) =>
    store.insertRows(
      rowLines([
        { seq: 1, event: 'beat' },
        { seq: 2, event: 'other' },
      ]),
      'a',
    ),
  );
  // As that program left it: its partition key knew no seq.
  const definition = readFileSync(join(packageRoot, 'schemas', 'migrations', '005-parts-know-seqs.sql'), 'utf8')
    .replace(/^--.*\n/gm, '')
    .split(/;\s*$/m)[1];
  const old = definition?.replace(', intDiv(seq, 4503599627370496))', ')').replace('events_next', 'events_old');
  await client.command({ query: old?.replace('{{retentionClass}}', '0') ?? '' });
  const columns = 'seq, id, received, occurred, search, raw, event, resource_id, resource, retention_days';
  await client.command({ query: `INSERT INTO events_old (${columns}) SELECT ${columns} FROM events` });
  await client.command({ query: 'EXCHANGE TABLES events AND events_old' });
  await client.command({ query: 'DROP TABLE events_old' });
  await client.command({
    query: 'ALTER TABLE schema_migrations DELETE WHERE number = 5',
    clickhouse_settings: { mutations_sync: '2' },
  });
  await ready({ retentionOverrides: { beat: 3 } }, async (store) => {
    expect(await rowsOf(store)).toEqual([
      { seq: 1, event: 'beat', retention_days: 2 },
      { seq: 2, event: 'other', retention_days: 0 },
    ]);
    const [table] = await store.rows<{ definition: string }>(
      `SELECT create_table_query AS definition FROM system.tables WHERE database = currentDatabase() AND name = 'events'`,
      {},
    );
    expect(table?.definition).toContain('intDiv(seq, 4503599627370496)');
    expect(table?.definition).toContain('TTL toDateTime(received)');
  });
});

test('broken off before or after the exchange, the next start ends it, and nothing is lost', async () => {
  await oldDatabase(20);
  // Before: a copy that is there by half, from an earlier attempt.
  await client.command({ query: 'CREATE TABLE events_next AS events' });
  await client.command({ query: 'INSERT INTO events_next SELECT * FROM events LIMIT 5' });
  await ready({}, async (store) =>
    expect(await store.rows('SELECT count() AS rows FROM events', {})).toEqual([{ rows: 20 }]),
  );
  // After: exchanged, but neither recorded nor cleared away.
  await client.command({
    query: `ALTER TABLE schema_migrations DELETE WHERE number = 5`,
    clickhouse_settings: { mutations_sync: '2' },
  });
  await client.command({ query: 'CREATE TABLE events_next AS events' });
  await ready({}, async (store) => {
    expect(await store.rows('SELECT count() AS rows FROM events', {})).toEqual([{ rows: 20 }]);
    expect(
      await store.rows(
        `SELECT name FROM system.tables WHERE database = currentDatabase() AND name = 'events_next'`,
        {},
      ),
    ).toEqual([]);
  });
});

test('nothing is replaced while a Sluice writes to the database', async () => {
  await oldDatabase(1);
  await client.command({
    query: `INSERT INTO journals (epoch, first_seq, owner, head, checkpoint, heartbeat) SELECT generateUUIDv4(), 1, 'other', 1, 1, now64(3, 'UTC')`,
  });
  const store = openStore({ ...testStoreOptions, source });
  try {
    await expect.poll(() => store.status.phase, { timeout: 20_000 }).toBe('refused');
    expect(store.status.reason).toMatch(/wrote to this database within the last 30 s/);
  } finally {
    await store.close();
  }
});
