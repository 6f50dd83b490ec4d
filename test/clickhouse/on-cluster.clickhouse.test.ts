/**
 * The tables on a cluster: the embedded engine cannot run Replicated ones, so the text is held, and ClickHouse must
 * parse it.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runningInsertsSql, syncEvents, syncSmall } from '../../src/clickhouse/deciding-reads.ts';
import { databaseSql } from '../../src/clickhouse/migrate.ts';
import { alterPlaced } from '../../src/clickhouse/on-cluster.ts';
import { readMigrations } from '../../src/clickhouse/read-migrations.ts';
import { startTestStore, type TestStore } from '../../support/engine.ts';

let opened: TestStore;
beforeAll(async () => {
  opened = await startTestStore();
});
afterAll(() => opened?.stop());

const cluster = "eu's \\ one";
const statementsOf = (clickhouseCluster: string | null) =>
  readMigrations({ retentionDays: 7, retentionOverrides: { "it's": 30 }, clickhouseCluster }).flatMap(
    ({ statements }) => statements.map(({ text }) => text),
  );

test('ClickHouse parses every statement, on a server and on a cluster', async () => {
  const alter = alterPlaced('ALTER TABLE events MODIFY TTL toDateTime(received) + toIntervalDay(3)', {
    clickhouseCluster: cluster,
  });
  for (const statement of [...statementsOf(null), ...statementsOf(cluster), alter.text]) {
    await opened.store.rows('SELECT formatQuery({statement:String}) AS text', { statement });
  }
});

test('ClickHouse parses what has replicas catch up, what makes the database, and the look for running inserts', async () => {
  const replicated = { clickhouseCluster: cluster, clickhouseDdl: 'keeper', isReplicated: true } as const;
  for (const database of ['events', 'odd `name\\']) {
    const layout = { ...replicated, database };
    const statements = [
      ...syncEvents(layout),
      ...syncSmall(layout, 'journals'),
      databaseSql(database, layout),
      runningInsertsSql(layout),
    ];
    for (const statement of statements) {
      await opened.store.rows('SELECT formatQuery({statement:String}) AS text', { statement });
    }
  }
});

test('ClickHouse refuses to parse what is none of its own', async () => {
  const statement = `${statementsOf(cluster)[1]} OOPS`;
  await expect(opened.store.rows('SELECT formatQuery({statement:String}) AS text', { statement })).rejects.toThrow();
});

test('on a cluster every table is made on all of it, replicated, and nothing is local to one server', () => {
  for (const statement of statementsOf(cluster)) {
    expect(statement).toContain(`ON CLUSTER 'eu\\'s \\\\ one'`);
    if (statement.startsWith('CREATE')) expect(statement).toMatch(/ENGINE = (Replicated\w*MergeTree\('|Distributed\()/);
    expect(statement).not.toContain('non_replicated');
    expect(statement).not.toContain('events_next');
  }
});

test('events are sharded by id below a table that the program reads and writes; a replay within a week is known', () => {
  const made = statementsOf(cluster).filter((statement) => statement.startsWith('CREATE'));
  const names = made.map((statement) => /^CREATE TABLE IF NOT EXISTS (\w+)/.exec(statement)?.[1]);
  expect(names).toEqual(['journals', 'events_local', 'events', 'page_filters']);
  // Each server has all of them: a page may be asked of another one.
  expect(made.at(-1)).toContain(
    `ReplicatedReplacingMergeTree('/clickhouse/tables/all/{database}/{table}', '{shard}-{replica}', made)`,
  );
  const [, local, distributed] = made;
  expect(local).toContain(`ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')`);
  expect(local).toContain('replicated_deduplication_window_seconds = 604800');
  expect(distributed).toContain(`'events_local', cityHash64(id))`);
});

test('the small tables are the same on every shard and replica', () => {
  const [journals] = statementsOf(cluster);
  expect(journals).toContain(
    `ReplicatedReplacingMergeTree('/clickhouse/tables/all/{database}/{table}', '{shard}-{replica}', heartbeat)`,
  );
});
