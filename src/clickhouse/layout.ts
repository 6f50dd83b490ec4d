/**
 * How the tables lie: on one server, or on a cluster, and who carries a change of them to each server. docs/SCALE.md
 * has the rules that go with it.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { StartRefused } from '../base/errors.ts';

export interface Layout {
  /** Null for one server. */
  readonly clickhouseCluster?: string | null;
  /**
   * Of a cluster: `keeper` for replicated tables, changed by ON CLUSTER; `direct` for shards without replicas, of which
   * each has a URL and gets its statements from Sluice.
   */
  readonly clickhouseDdl?: 'keeper' | 'direct';
}

/** The layout of a database, as it was found. */
export interface FoundLayout extends Layout {
  readonly database: string;
  /** Whether what one server has taken may be missing on another one for a while. */
  readonly isReplicated: boolean;
}

/** The servers of a connection. */
export interface Servers {
  /** The one that is asked. */
  readonly client: ClickHouseClient;
  /** Those that get the statements of the schema: that one, or all shards in their order. */
  readonly every: readonly ClickHouseClient[];
  /** The URLs of `every`, for sentences. */
  readonly urls: readonly string[];
}

type Kind = 'single' | 'replicated' | 'direct';

export function kindOf({ clickhouseCluster = null, clickhouseDdl = 'keeper' }: Layout): Kind {
  if (clickhouseCluster === null) return 'single';
  return clickhouseDdl === 'direct' ? 'direct' : 'replicated';
}

/** What stands behind a name in a statement that Keeper carries to each server; else empty. */
export function onClusterOf(layout: Layout): string {
  const { clickhouseCluster: cluster } = layout;
  return kindOf(layout) === 'replicated' && typeof cluster === 'string' ? ` ON CLUSTER ${quoteText(cluster)}` : '';
}

/** Throws StartRefused for settings that contradict each other. */
export function checkLayout(layout: Layout, hasUrl: boolean): void {
  if (layout.clickhouseDdl !== 'direct') return;
  if ((layout.clickhouseCluster ?? null) === null || !hasUrl) {
    throw new StartRefused(
      'SLUICE_CLICKHOUSE_DDL=direct needs SLUICE_CLICKHOUSE_CLUSTER, and in CLICKHOUSE_URL one server for each shard.',
    );
  }
}

/** How long a change of the schema may take the servers that are there. */
const ddlSeconds = 60;

/**
 * Of the statements of the schema. ON CLUSTER waits for the servers that live: the others do it when they come back. An
 * error comes as an answer, not as a connection that breaks off within one.
 */
export const schemaSettings = {
  distributed_ddl_output_mode: 'none_only_active' as 'none', // newer than the client's types
  distributed_ddl_task_timeout: String(ddlSeconds),
  wait_end_of_query: 1,
} as const;

/** A text of SQL. */
export function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** A name of SQL. */
export function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}
