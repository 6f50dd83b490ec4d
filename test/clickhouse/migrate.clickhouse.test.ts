/** The schema: made once, changed by the retention, refused where it is not ours; indexes that queries really use. */
import { randomUUID } from 'node:crypto';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { of } from 'rxjs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { StartRefused } from '../../src/base/errors.ts';
import { retentionDaysMax } from '../../src/base/retention.ts';
import { requireVersion } from '../../src/clickhouse/check-version.ts';
import type { EndpointSource } from '../../src/clickhouse/endpoint.ts';
import { openStore, type Store, type StoreOptions } from '../../src/clickhouse/store.ts';
import { startTestStore, type TestStore, testStoreOptions } from '../../support/engine.ts';
import { type RowParts, rowLines } from '../../support/rows.ts';

let real: TestStore;
let source: EndpointSource;
let client: ClickHouseClient;
beforeAll(async () => {
  real = await startTestStore();
});
afterAll(() => real?.stop());
beforeEach(async () => {
  const endpoint = { ...(await real.endpoint()), database: `m ${randomUUID().slice(0, 8)}\`"\\` };
  source = { where: endpoint.database, endpoint$: of({ endpoint }), stop: () => Promise.resolve() };
  client = createClient(endpoint);
});
afterEach(() => client.close());

async function withStore<Value>(options: Partial<StoreOptions>, use: (store: Store) => Promise<Value>): Promise<Value> {
  const store = openStore({ ...testStoreOptions, source, ...options });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

const ready = (options: Partial<StoreOptions>, use: (store: Store) => Promise<void>) =>
  withStore(options, async (store) => {
    await store.whenReady(AbortSignal.timeout(20_000));
    await use(store);
  });

async function refusedWith(words: RegExp): Promise<void> {
  await withStore({}, async (store) => {
    await expect.poll(() => store.status.phase, { timeout: 10_000 }).toBe('refused');
    expect(store.status.reason).toMatch(words);
  });
}

test.each(['events', 'journals'])(
  'a part of %s is synced, with its directory, before its insert is answered',
  async (name) => {
    await ready({}, async (store) => {
      const [table] = await store.rows<{ definition: string }>(
        'SELECT create_table_query AS definition FROM system.tables WHERE database = currentDatabase() AND name = {name:String}',
        { name },
      );
      expect(table?.definition).toContain('fsync_after_insert = 1');
      expect(table?.definition).toContain('fsync_part_directory = 1');
    });
  },
);

test('a second start finds all done, and each migration recorded once', async () => {
  const recorded = async (store: Store) => {
    expect(await store.rows('SELECT number, name FROM schema_migrations ORDER BY number', {})).toEqual([
      { number: 1, name: 'events' },
      { number: 2, name: 'journals' },
      { number: 3, name: 'journals-synced' },
      { number: 5, name: 'parts-know-seqs' },
      { number: 6, name: 'raw-in-lz4' },
      { number: 7, name: 'page-filters' },
    ]);
  };
  await ready({}, recorded);
  await ready({}, recorded);
});

test('another retention is applied at the start, to parts that are there already too', async () => {
  const dropAt = async (store: Store) =>
    store.rows<{ days: number }>(
      `SELECT dateDiff('day', now(), max(delete_ttl_info_max)) AS days FROM system.parts WHERE database = currentDatabase() AND table = 'events' AND active`,
      {},
    );
  await ready({ retentionDays: 7 }, async (store) => {
    await store.insertRows(rowLines([{ seq: 1 }]), 'one');
    expect(await dropAt(store)).toEqual([{ days: 7 }]);
  });
  for (const retentionDays of [30, 2]) {
    await ready({ retentionDays }, async (store) => {
      await expect.poll(() => dropAt(store), { timeout: 20_000 }).toEqual([{ days: retentionDays }]);
      expect(await store.rows('SELECT seq FROM events', {})).toEqual([{ seq: 1 }]);
    });
  }
});

test('events of the longest retention are kept, a longer one is refused', async () => {
  expect(() => openStore({ ...testStoreOptions, source, retentionDays: retentionDaysMax + 1 })).toThrow(StartRefused);
  await ready({ retentionDays: retentionDaysMax }, async (store) => {
    await store.insertRows(rowLines([{ seq: 1 }]), 'one');
    await store.command('OPTIMIZE TABLE events FINAL');
    expect(await store.rows('SELECT seq FROM events', {})).toEqual([{ seq: 1 }]);
  });
});

test('a database of a newer Sluice is refused with a sentence', async () => {
  await ready({}, (store) => store.command(`INSERT INTO schema_migrations (number, name) VALUES (999, 'later')`));
  await refusedWith(/newer Sluice/);
});

test('a table of events that is not ours is refused with a sentence', async () => {
  await ready({}, async (store) => {
    await store.command('DROP TABLE events');
    await store.command('CREATE TABLE events (seq UInt64) ENGINE = MergeTree ORDER BY seq');
  });
  await refusedWith(/not Sluice's/);
});

test.each(['25.8.1.1', '26.2.9.9', '1.1.54318', ''])(
  'a ClickHouse of version "%s" is refused with a sentence',
  (version) => {
    expect(() => requireVersion(version)).toThrow(/needs 26\.3 or newer/);
  },
);

test.each(['26.3.1.1', '26.7.2.1', '27.1.1.1'])('a ClickHouse of version "%s" serves', (version) => {
  expect(() => requireVersion(version)).not.toThrow();
});

test.each([
  [
    'resource_labels',
    `has(arrayMap((label, value) -> concat(label, '=', value), mapKeys(resource), mapValues(resource)), 'k=v7')`,
  ],
  ['related_id', `has(related_ids, 'f7')`],
  ['related_role_id', `has(arrayMap((role, id) -> concat(role, '=', id), related_roles, related_ids), 'flow=f7')`],
])('the index %s prunes what a filter on it reads', async (index, condition) => {
  await ready({}, async (store) => {
    const rows = Array.from({ length: 80_000 }, (_, at): RowParts => {
      const n = Math.floor(at / 4000);
      return {
        seq: at + 1,
        occurred: `2026-11-22 01:${String(n + 10)}:03.000000`,
        resource: { 'prefect.resource.id': `r${at}`, k: `v${n}` },
        related: [{ 'prefect.resource.id': `f${n}`, 'prefect.resource.role': 'flow' }],
      };
    });
    await store.insertRows(rowLines(rows), 'one');
    expect(await store.rows(`SELECT count() AS n FROM events WHERE ${condition}`, {})).toEqual([{ n: 4000 }]);
    const [plan] = await store.rows<{ plan: string }>(
      `SELECT arrayStringConcat(groupArray(explain), '\n') AS plan FROM (EXPLAIN indexes = 1 SELECT count() FROM events WHERE ${condition})`,
      {},
    );
    const part = plan?.plan.split(`Name: ${index}`)[1] ?? '';
    const [, kept, of_] = /Granules: (\d+)\/(\d+)/.exec(part) ?? [];
    expect(Number(of_)).toBeGreaterThan(8);
    expect(Number(kept)).toBeLessThan(3);
  });
});
