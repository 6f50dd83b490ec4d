/**
 * Brings a database to this program's schema: numbered, idempotent migrations from `schemas/migrations`, each recorded
 * in `schema_migrations`; then the retention, which is a setting and may differ at each start.
 */
import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { StartRefused } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { longestRetentionDays } from '../base/retention.ts';
import type { Endpoint } from './endpoint.ts';
import { alterDistributed, alterOnCluster, onCluster } from './on-cluster.ts';
import { type Migration, type MigrationValues, readMigrations, retentionClass } from './read-migrations.ts';
import { dropSettings, replaceEvents } from './replace-events.ts';

const unknownDatabase = '81';
/** The migration whose table takes the place of an older one. */
const replacing = 5;

/** Makes the endpoint's database if it is not there yet. */
export async function ensureDatabase(client: ClickHouseClient, endpoint: Endpoint, signal: AbortSignal): Promise<void> {
  try {
    await client.command({ query: 'SELECT 1 FORMAT Null', abort_signal: signal });
  } catch (error) {
    if (!(error instanceof ClickHouseError) || error.code !== unknownDatabase) throw error;
    const { url, pathname, username, password, database } = endpoint;
    const maker = createClient({ url, pathname, username, password, log: { level: ClickHouseLogLevel.OFF } });
    try {
      const query = `CREATE DATABASE IF NOT EXISTS ${quoteIdentifier(database)} ENGINE = Atomic`;
      await maker.command({ query, abort_signal: signal });
    } finally {
      await maker.close();
    }
  }
}

/**
 * Runs what is not recorded yet, and changes the retention where it differs. Throws StartRefused for a database that is
 * not ours, Failure storeRefused while it cannot be migrated.
 */
export async function migrate(client: ClickHouseClient, values: MigrationValues, log: Log): Promise<void> {
  const migrations = readMigrations(values);
  const cluster = values.clickhouseCluster ?? null;
  const records = `CREATE TABLE IF NOT EXISTS schema_migrations (
    number UInt32, name String, applied DateTime DEFAULT now()) ENGINE = MergeTree ORDER BY number`;
  for (const query of cluster === null ? [records] : onCluster([records], cluster)) await client.command({ query });
  const recorded = await select<{ number: number }>(client, 'SELECT DISTINCT number FROM schema_migrations');
  const done = new Set(recorded.map(({ number }) => number));
  refuseNewer(Math.max(0, ...done), migrations.at(-1)?.number ?? 0);
  for (const migration of migrations) {
    if (done.has(migration.number)) continue;
    await run(client, migration, cluster, log);
  }
  await checkEventsTable(client);
  await applyRetention(client, values, log);
  await applyFilterRetention(client, values, log);
}

async function run(
  client: ClickHouseClient,
  { number, name, statements }: Migration,
  cluster: string | null,
  log: Log,
): Promise<void> {
  for (const query of statements) await client.command({ query, clickhouse_settings: dropSettings });
  if (number === replacing && cluster === null) await replaceEvents(client, log);
  await client.insert({ table: 'schema_migrations', values: [{ number, name }], format: 'JSONEachRow' });
  log.info({ number, name }, 'migrated the database');
}

function refuseNewer(recorded: number, known: number): void {
  if (recorded <= known) return;
  throw new StartRefused(
    `The database was written by a newer Sluice (schema ${recorded}; this one knows ${known}): start that version.`,
  );
}

async function checkEventsTable(client: ClickHouseClient): Promise<void> {
  const columns = await select<{ name: string }>(
    client,
    `SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'events'`,
  );
  const present = new Set(columns.map(({ name }) => name));
  const missing = ['seq', 'id', 'received', 'occurred', 'resource', 'related', 'search', 'raw'].filter(
    (name) => !present.has(name),
  );
  if (missing.length === 0) return;
  throw new StartRefused(
    `The database has a table "events" that is not Sluice's (no column ${missing.join(', ')}): name another ` +
      `database in CLICKHOUSE_URL.`,
  );
}

/**
 * An event type keeps the days that its setting had when the event came; the retention of all others is of the table.
 */
async function applyRetention(client: ClickHouseClient, values: MigrationValues, log: Log): Promise<void> {
  const cluster = values.clickhouseCluster ?? null;
  const table = cluster === null ? 'events' : 'events_local';
  const [present] = await select<{ definition: string; class: string }>(
    client,
    `SELECT create_table_query AS definition, (SELECT any(default_expression) FROM system.columns
        WHERE database = currentDatabase() AND table = '${table}' AND name = 'retention_days') AS class
     FROM system.tables WHERE database = currentDatabase() AND name = '${table}'`,
  );
  const alter = async (change: string, settings: Readonly<Record<string, number | string>> = {}) => {
    const query = `ALTER TABLE events ${change}`;
    await client.command({
      query: cluster === null ? query : alterOnCluster(query, cluster),
      clickhouse_settings: settings,
    });
  };
  const wantedClass = retentionClass(values.retentionOverrides ?? {});
  if (present?.class !== wantedClass) {
    log.info({ from: present?.class, to: wantedClass }, 'changing the retention of some event types');
    const change = `MODIFY COLUMN retention_days UInt16 DEFAULT ${wantedClass}`;
    await alter(change);
    // A Distributed table fills in its own defaults before it sends rows on.
    if (cluster !== null) await client.command({ query: alterDistributed(`ALTER TABLE events ${change}`, cluster) });
  }
  const days = /if\(retention_days = 0, (\d+), retention_days\)/.exec(present?.definition ?? '')?.[1];
  if (days === String(values.retentionDays)) return;
  log.info({ fromDays: days, toDays: values.retentionDays }, 'changing the retention of events');
  // The table recalculates the ends of its parts without rewriting them (materialize_ttl_recalculate_only).
  await alter(
    `MODIFY TTL toDateTime(received) + toIntervalDay(if(retention_days = 0, ${values.retentionDays}, retention_days))`,
    { materialize_ttl_after_modify: 1, mutations_sync: '0' },
  );
}

/** Filters of page links are of use as long as events are there to be read with them. */
async function applyFilterRetention(client: ClickHouseClient, values: MigrationValues, log: Log): Promise<void> {
  const cluster = values.clickhouseCluster ?? null;
  const [present] = await select<{ definition: string }>(
    client,
    `SELECT create_table_query AS definition FROM system.tables
     WHERE database = currentDatabase() AND name = 'page_filters'`,
  );
  const wantedDays = String(longestRetentionDays(values));
  const days = /TTL toDateTime\(made\) \+ toIntervalDay\((\d+)\)/.exec(present?.definition ?? '')?.[1];
  if (days === wantedDays) return;
  log.info({ fromDays: days, toDays: wantedDays }, 'changing the retention of page filters');
  const query = `ALTER TABLE page_filters MODIFY TTL toDateTime(made) + toIntervalDay(${wantedDays})`;
  await client.command({
    query: cluster === null ? query : alterOnCluster(query, cluster),
    clickhouse_settings: { mutations_sync: '0' },
  });
}

async function select<Row>(client: ClickHouseClient, query: string): Promise<Row[]> {
  const result = await client.query({ query, format: 'JSONEachRow' });
  return await result.json<Row>();
}

function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}
