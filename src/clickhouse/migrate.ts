/**
 * Brings a database to this program's schema: numbered, idempotent migrations from `schemas/migrations`, each recorded
 * in `schema_migrations`; then the retention, which is a setting and may differ at each start.
 */

import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { Failure, StartRefused } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { applyFilterRetention, applyRetention, type RetentionOptions } from './apply-retention.ts';
import type { Endpoint } from './endpoint.ts';
import {
  type FoundLayout,
  kindOf,
  type Layout,
  onClusterOf,
  quoteIdentifier,
  type Servers,
  schemaSettings,
} from './layout.ts';
import { eventsTable, placed, type Statement } from './on-cluster.ts';
import { type Migration, readMigrations } from './read-migrations.ts';
import { dropSettings, replaceEvents } from './replace-events.ts';
import { select } from './select.ts';

const unknownDatabase = '81';
/** The migration whose table takes the place of an older one. */
const replacing = 5;

/** Makes the endpoint's database if it is not there yet; on a cluster on each of its servers. */
export async function ensureDatabase(
  client: ClickHouseClient,
  endpoint: Endpoint,
  layout: Layout,
  signal: AbortSignal,
): Promise<void> {
  try {
    await client.command({ query: 'SELECT 1 FORMAT Null', abort_signal: signal });
    // The other servers may lack it.
    if (kindOf(layout) !== 'replicated') return;
    const query = databaseSql(endpoint.database, layout);
    await client.command({ query, abort_signal: signal, clickhouse_settings: schemaSettings });
  } catch (error) {
    if (!(error instanceof ClickHouseError) || error.code !== unknownDatabase) throw error;
    const { url, pathname, username, password, database } = endpoint;
    const maker = createClient({ url, pathname, username, password, log: { level: ClickHouseLogLevel.OFF } });
    try {
      const query = databaseSql(database, layout);
      await maker.command({ query, abort_signal: signal, clickhouse_settings: schemaSettings });
    } finally {
      await maker.close();
    }
  }
}

export function databaseSql(database: string, layout: Layout): string {
  return `CREATE DATABASE IF NOT EXISTS ${quoteIdentifier(database)}${onClusterOf(layout)} ENGINE = Atomic`;
}

/**
 * Runs what is not recorded yet, and changes the retention where it differs. Throws StartRefused for a database that is
 * not ours, Failure storeRefused while it cannot be migrated.
 */
export async function migrate(servers: Servers, values: RetentionOptions, log: Log): Promise<void> {
  const { client } = servers;
  const migrations = readMigrations(values);
  const records = `CREATE TABLE IF NOT EXISTS schema_migrations (
    number UInt32, name String, applied DateTime DEFAULT now()) ENGINE = MergeTree ORDER BY number`;
  for (const statement of placed([records], values)) await runStatement(servers, statement);
  const done = await recorded(client);
  refuseNewer(Math.max(0, ...done), migrations.at(-1)?.number ?? 0);
  if (done.has(replacing)) await refuseEmptied(servers, values);
  for (const migration of migrations) {
    if (!done.has(migration.number)) await run(servers, migration, values, log);
  }
  for (const each of servers.every) await checkEventsTable(each);
  await applyRetention(servers, values, log);
  await applyFilterRetention(servers, values, log);
}

/** Rejects with Failure storeUnavailable until another gateway has brought the schema to where it is needed. */
export async function checkMigrated(client: ClickHouseClient, values: RetentionOptions): Promise<void> {
  const newest = (await hasTable(client, 'schema_migrations')) ? Math.max(0, ...(await recorded(client))) : 0;
  const known = readMigrations(values).at(-1)?.number ?? 0;
  refuseNewer(newest, known);
  if (newest < known) {
    throw new Failure('storeUnavailable', 'The gateway that writes has not brought the database to its schema yet.');
  }
}

/** The numbers of the migrations that were run. */
async function recorded(client: ClickHouseClient): Promise<ReadonlySet<number>> {
  const rows = await select<{ number: number }>(client, 'SELECT DISTINCT number FROM schema_migrations');
  return new Set(rows.map(({ number }) => number));
}

async function hasTable(client: ClickHouseClient, table: string): Promise<boolean> {
  const sql = `SELECT count() AS tables FROM system.tables WHERE database = currentDatabase() AND name = '${table}'`;
  const [found] = await select<{ tables: number | string }>(client, sql);
  return Number(found?.tables) > 0;
}

async function run(servers: Servers, { number, name, statements }: Migration, layout: Layout, log: Log): Promise<void> {
  for (const statement of statements) await runStatement(servers, statement);
  if (number === replacing && kindOf(layout) === 'single') await replaceEvents(servers.client, log);
  await servers.client.insert({ table: 'schema_migrations', values: [{ number, name }], format: 'JSONEachRow' });
  log.info({ number, name }, 'migrated the database');
}

async function runStatement({ client, every }: Servers, { text: query, on }: Statement): Promise<void> {
  for (const each of on === 'every' ? every : [client]) {
    await each.command({ query, clickhouse_settings: { ...schemaSettings, ...dropSettings } });
  }
}

/** A shard whose table has gone would look like one that never had an event. */
async function refuseEmptied({ every, urls }: Servers, layout: Layout): Promise<void> {
  if (kindOf(layout) !== 'direct') return;
  const table = eventsTable(layout);
  for (const [at, each] of every.entries()) {
    if (await hasTable(each, table)) continue;
    throw new StartRefused(
      `Shard ${at + 1} (${urls[at]}) has no table ${table}, though the cluster has been in use: it is new, or was ` +
        'emptied. Restore it, or make its tables as another shard has them (docs/SCALE.md).',
    );
  }
}

/** How the tables lie that are there. */
export async function findLayout(client: ClickHouseClient, database: string, layout: Layout): Promise<FoundLayout> {
  const { clickhouseCluster = null, clickhouseDdl = 'keeper' } = layout;
  const [found] = await select<{ engine: string }>(
    client,
    `SELECT engine FROM system.tables WHERE database = currentDatabase() AND name = 'journals'`,
  );
  // A service may replicate tables by itself, without a cluster that has a name here.
  const isReplicated = kindOf(layout) === 'replicated' || /^(?:Replicated|Shared)/.test(found?.engine ?? '');
  return { clickhouseCluster, clickhouseDdl, database, isReplicated };
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
