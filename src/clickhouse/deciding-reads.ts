/**
 * Reads that decide what is sent, and who may send (I1, I8). A replica may lag, and one server knows nothing of what
 * another one is doing: so these see all that any server has taken, or they reject.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { type FoundLayout, kindOf, onClusterOf, quoteIdentifier, quoteText, schemaSettings } from './layout.ts';
import { eventsTable } from './on-cluster.ts';

/** For each of them: no shard is left out, and no replica is asked that knows itself to be behind. */
export const decidingRead = {
  skip_unavailable_shards: 0,
  fallback_to_stale_replicas_for_distributed_queries: 0,
  max_replica_delay_for_distributed_queries: '5',
} as const;

/** A replica that has not caught up in so long makes the read fail. */
const syncSeconds = 30;

export const syncSettings = { ...schemaSettings, receive_timeout: syncSeconds };

/** What makes the living replicas of events catch up with all that any of them has taken; none where there are none. */
export function syncEvents(layout: FoundLayout): string[] {
  if (!layout.isReplicated) return [];
  const table = `${quoteIdentifier(layout.database)}.${eventsTable(layout)}`;
  return [`SYSTEM SYNC REPLICA${onClusterOf(layout)} ${table} LIGHTWEIGHT`];
}

/** The same for a small table, of which the server that is asked has all rows. */
export function syncSmall(layout: FoundLayout, table: 'journals' | 'page_filters'): string[] {
  if (!layout.isReplicated) return [];
  return [`SYSTEM SYNC REPLICA ${quoteIdentifier(layout.database)}.${table} LIGHTWEIGHT`];
}

/** What is needed of the store. */
export interface SyncedStore {
  readonly layout: FoundLayout;
  command(
    sql: string,
    bound: Readonly<Record<string, never>>,
    options: { readonly settings: typeof syncSettings; readonly signal?: AbortSignal },
  ): Promise<unknown>;
}

/** Resolves once a read of events sees all that any replica has taken. Rejects as the store does. */
export async function replicasCaughtUp(store: SyncedStore, signal?: AbortSignal): Promise<void> {
  const options = { settings: syncSettings, ...(signal !== undefined && { signal }) };
  for (const sql of syncEvents(store.layout)) await store.command(sql, {}, options);
}

/** What a client runs before it reads who else writes here, and how far. */
export async function catchUp(client: ClickHouseClient, statements: readonly string[]): Promise<void> {
  for (const query of statements) await client.command({ query, clickhouse_settings: syncSettings });
}

/**
 * `running`: how many inserts are under way whose token begins with `{begin:String}`, on any server of the cluster; it
 * fails where one does not answer. Of a Distributed table's insert each shard has a part, in no database of its own but
 * with the same token.
 */
export function runningInsertsSql(layout: FoundLayout): string {
  const { clickhouseCluster: cluster, database } = layout;
  const token = `Settings['insert_deduplication_token']`;
  const isOurs = `${token} != '' AND startsWith(${token}, {begin:String})`;
  if (kindOf(layout) === 'single' || typeof cluster !== 'string') {
    return `SELECT count() AS running FROM system.processes WHERE current_database = currentDatabase() AND ${isOurs}`;
  }
  // A name that must be quoted is not looked for in the text of a statement.
  const name = quoteText(database);
  const isHere = /^\w+$/.test(database) ? ` AND (current_database = ${name} OR position(query, ${name}) > 0)` : '';
  return `SELECT count() AS running FROM clusterAllReplicas(${quoteText(cluster)}, system.processes)
    WHERE ${isOurs}${isHere}`;
}
