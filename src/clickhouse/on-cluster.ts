/**
 * The same tables on a cluster, with `events` as the Distributed table over those of the shards, which the program
 * reads and writes: replicated on each shard by Keeper, or plain ones where each shard gets its statements from Sluice.
 * docs/SCALE.md has the rules that go with it.
 */
import { kindOf, type Layout, onClusterOf, quoteText } from './layout.ts';

export interface Statement {
  readonly text: string;
  /** On the server that is asked, or on each of `Servers.every`. */
  readonly on: 'one' | 'every';
}

/** A week: a batch that is sent again later than that would be stored twice. */
const deduplicationSeconds = 7 * 86_400;

/** The table that holds the rows of events. */
export function eventsTable(layout: Layout): string {
  return kindOf(layout) === 'single' ? 'events' : 'events_local';
}

/** The statements of one migration, as they are run where the tables lie so. */
export function placed(statements: readonly string[], layout: Layout): Statement[] {
  const { clickhouseCluster: cluster } = layout;
  const kind = kindOf(layout);
  if (kind === 'single' || typeof cluster !== 'string') return statements.map((text) => ({ text, on: 'one' }));
  return statements.flatMap((statement): Statement[] => {
    // A cluster begins with the table of 005: there is none older to be replaced.
    if (/^CREATE TABLE IF NOT EXISTS events \(/.test(statement) || /^DROP TABLE/.test(statement)) return [];
    return kind === 'direct' ? onShards(statement, cluster) : onCluster(statement, cluster);
  });
}

/** `ALTER TABLE events …`, or of another table, as it is run where the tables lie so. */
export function alterPlaced(statement: string, layout: Layout): Statement {
  const table = alteredTable(statement);
  const local = table === 'events' ? eventsTable(layout) : table;
  return { text: altered(statement, local, layout), on: table === 'events' ? 'every' : 'one' };
}

/** The same, on the Distributed table over them. */
export function alterDistributed(statement: string, layout: Layout): Statement {
  return { text: altered(statement, alteredTable(statement), layout), on: 'every' };
}

const alterHead = /^ALTER TABLE (\w+)/;

function alteredTable(statement: string): string {
  return alterHead.exec(statement)?.[1] ?? '';
}

function altered(statement: string, table: string, layout: Layout): string {
  return statement.replace(alterHead, () => `ALTER TABLE ${table}${onClusterOf(layout)}`);
}

/** A statement by ON CLUSTER. The cluster's name is quoted: any is possible. */
function onCluster(statement: string, cluster: string): Statement[] {
  const name = quoteText(cluster);
  const table = createdTable(statement);
  if (table === undefined) return [alterPlaced(statement, { clickhouseCluster: cluster })];
  const isEvents = table === 'events_next';
  const local = isEvents ? 'events_local' : table;
  const made = replicated(statement, isEvents).replace(
    createHead,
    () => `CREATE TABLE IF NOT EXISTS ${local} ON CLUSTER ${name} (`,
  );
  return isEvents ? [one(made), one(distributed(` ON CLUSTER ${name}`, name))] : [one(made)];
}

/** A statement for shards without replicas: the small tables are on the first shard only. */
function onShards(statement: string, cluster: string): Statement[] {
  const table = createdTable(statement);
  if (table === undefined) {
    return [alterPlaced(statement, { clickhouseCluster: cluster, clickhouseDdl: 'direct' })];
  }
  if (table !== 'events_next') return [one(statement)];
  const made = statement.replace(createHead, () => 'CREATE TABLE IF NOT EXISTS events_local (');
  return [made, distributed('', quoteText(cluster))].map((text) => ({ text, on: 'every' }));
}

const createHead = /^CREATE TABLE (?:IF NOT EXISTS )?(\w+) \(/;

function createdTable(statement: string): string | undefined {
  return createHead.exec(statement)?.[1];
}

function one(text: string): Statement {
  return { text, on: 'one' };
}

/**
 * By id: shards fill evenly, and a batch that is sent again is cut alike, so that each shard drops what it has
 * (docs/SCALE.md).
 */
function distributed(place: string, cluster: string): string {
  return `CREATE TABLE IF NOT EXISTS events${place} AS events_local
ENGINE = Distributed(${cluster}, currentDatabase(), 'events_local', cityHash64(id))`;
}

/** Rows of events are on one shard; the small tables are the same everywhere. */
function replicated(statement: string, isSharded: boolean): string {
  const path = `'/clickhouse/tables/${isSharded ? '{shard}' : 'all'}/{database}/{table}'`;
  const replica = isSharded ? `'{replica}'` : `'{shard}-{replica}'`;
  return statement
    .replace(/ENGINE = (\w*MergeTree)(?:\((.*?)\))?/, (_, engine: string, rest: string | undefined) => {
      return `ENGINE = Replicated${engine}(${[path, replica, ...(rest === undefined ? [] : [rest])].join(', ')})`;
    })
    .replace(
      /non_replicated_deduplication_window = (\d+)/,
      (_, window: string) =>
        `replicated_deduplication_window = ${window},\n  replicated_deduplication_window_seconds ` +
        `= ${deduplicationSeconds}`,
    );
}
