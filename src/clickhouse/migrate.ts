/**
 * Brings a database to this program's schema: numbered, idempotent migrations from `schemas/migrations`, each recorded in
 * `schema_migrations`; then the retention, which is a setting and may differ at each start.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { StartRefused } from '../errors.ts';
import type { Log } from '../log.ts';
import { packageRoot } from '../package-root.ts';
import type { Endpoint } from './endpoint.ts';

export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly statements: readonly string[];
}

export interface MigrationValues {
  readonly retentionDays: number;
}

/** ClickHouse counts the end of a TTL in 32 bits of seconds: beyond 2106 it wraps around, and drops everything at once (measured). */
export const retentionDaysMax = 25_000;

const unknownDatabase = '81';

/** Reads all migrations with their placeholders filled. Throws StartRefused for a retention that cannot be expressed. */
export function readMigrations(values: MigrationValues): Migration[] {
  const { retentionDays } = values;
  if (!Number.isInteger(retentionDays) || retentionDays < 1 || retentionDays > retentionDaysMax) {
    throw new StartRefused(`The retention must be from 1 to ${retentionDaysMax} days, not ${retentionDays}.`);
  }
  const folder = join(packageRoot, 'schemas', 'migrations');
  const files = readdirSync(folder).filter((file) => /^\d{3}-.*\.sql$/.test(file));
  return files.sort().map((file) => ({
    number: Number(file.slice(0, 3)),
    name: file.slice(4, -'.sql'.length),
    statements: readFileSync(join(folder, file), 'utf8')
      .replace(/^--.*\n/gm, '')
      .replaceAll('{{retentionDays}}', String(retentionDays))
      .split(/;\s*$/m)
      .map((statement) => statement.trim())
      .filter((statement) => statement !== ''),
  }));
}

/** Makes the endpoint's database if it is not there yet. */
export async function ensureDatabase(client: ClickHouseClient, endpoint: Endpoint, signal: AbortSignal): Promise<void> {
  try {
    await client.command({ query: 'SELECT 1 FORMAT Null', abort_signal: signal });
  } catch (error) {
    if (!(error instanceof ClickHouseError) || error.code !== unknownDatabase) throw error;
    const { url, username, password, database } = endpoint;
    const maker = createClient({ url, username, password, log: { level: ClickHouseLogLevel.OFF } });
    try {
      const query = `CREATE DATABASE IF NOT EXISTS ${quoteIdentifier(database)} ENGINE = Atomic`;
      await maker.command({ query, abort_signal: signal });
    } finally {
      await maker.close();
    }
  }
}

/** Runs what is not recorded yet, and changes the retention where it differs. Throws StartRefused for a database that is not ours. */
export async function migrate(client: ClickHouseClient, migrations: readonly Migration[], log: Log): Promise<void> {
  await client.command({
    query: `CREATE TABLE IF NOT EXISTS schema_migrations
      (number UInt32, name String, applied DateTime DEFAULT now()) ENGINE = MergeTree ORDER BY number`,
  });
  const recorded = await select<{ number: number }>(client, 'SELECT DISTINCT number FROM schema_migrations');
  const done = new Set(recorded.map(({ number }) => number));
  refuseNewer(Math.max(0, ...done), migrations.at(-1)?.number ?? 0);
  for (const { number, name, statements } of migrations) {
    if (done.has(number)) continue;
    for (const query of statements) await client.command({ query });
    await client.insert({ table: 'schema_migrations', values: [{ number, name }], format: 'JSONEachRow' });
    log.info({ number, name }, 'migrated the database');
  }
  await checkEventsTable(client);
  await applyRetention(client, migrations, log);
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
    `The database has a table "events" that is not Sluice's (no column ${missing.join(', ')}): name another database in CLICKHOUSE_URL.`,
  );
}

async function applyRetention(client: ClickHouseClient, migrations: readonly Migration[], log: Log): Promise<void> {
  const wanted = ttlOf(migrations.flatMap(({ statements }) => statements).join('\n'));
  const [table] = await select<{ definition: string }>(
    client,
    `SELECT create_table_query AS definition FROM system.tables WHERE database = currentDatabase() AND name = 'events'`,
  );
  const present = ttlOf(table?.definition ?? '');
  if (wanted === null || present === wanted) return;
  log.info({ fromDays: present, toDays: wanted }, 'changing the retention of events');
  // The table recalculates the ends of its parts without rewriting them (materialize_ttl_recalculate_only).
  await client.command({
    query: `ALTER TABLE events MODIFY TTL toDateTime(received) + toIntervalDay(${wanted})`,
    clickhouse_settings: { materialize_ttl_after_modify: 1, mutations_sync: '0' },
  });
}

/** Days of the TTL in a CREATE TABLE, as written here or as ClickHouse prints it. */
function ttlOf(definition: string): number | null {
  const days = /TTL toDateTime\(received\) \+ toIntervalDay\((\d+)\)/.exec(definition)?.[1];
  return days === undefined ? null : Number(days);
}

async function select<Row>(client: ClickHouseClient, query: string): Promise<Row[]> {
  const result = await client.query({ query, format: 'JSONEachRow' });
  return await result.json<Row>();
}

function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}
