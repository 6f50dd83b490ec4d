/**
 * The same tables on a cluster: replicated on each shard, with `events` as the Distributed table over them that the
 * program reads and writes. docs/SCALE.md has the rules that go with it.
 */

/** A week: a batch that is sent again later than that would be stored twice. */
const deduplicationSeconds = 7 * 86_400;

/** The statements of one migration for a cluster. Its name is quoted: any is possible. */
export function onCluster(statements: readonly string[], cluster: string): string[] {
  const name = quoteText(cluster);
  return statements.flatMap((statement) => {
    // A cluster begins with the table of 005: there is none older to be replaced.
    if (/^CREATE TABLE IF NOT EXISTS events \(/.test(statement) || /^DROP TABLE/.test(statement)) return [];
    const table = /^CREATE TABLE (?:IF NOT EXISTS )?(\w+) \(/.exec(statement)?.[1];
    if (table === undefined) return [alterOnCluster(statement, cluster)];
    const isEvents = table === 'events_next';
    const local = isEvents ? 'events_local' : table;
    const made = replicated(statement, isEvents).replace(
      /^CREATE TABLE (?:IF NOT EXISTS )?\w+ \(/,
      () => `CREATE TABLE IF NOT EXISTS ${local} ON CLUSTER ${name} (`,
    );
    if (!isEvents) return [made];
    // By id: shards fill evenly, and a batch that is sent again is cut alike, so that each shard drops what it has
    // (docs/SCALE.md).
    const distributed = `CREATE TABLE IF NOT EXISTS events ON CLUSTER ${name} AS events_local
ENGINE = Distributed(${name}, currentDatabase(), 'events_local', cityHash64(id))`;
    return [made, distributed];
  });
}

/** `ALTER TABLE events …`, as it is run on a cluster. */
export function alterOnCluster(statement: string, cluster: string): string {
  return statement.replace(/^ALTER TABLE (\w+)/, (_, table: string) => {
    return `ALTER TABLE ${table === 'events' ? 'events_local' : table} ON CLUSTER ${quoteText(cluster)}`;
  });
}

/** The same, on the Distributed table over them. */
export function alterDistributed(statement: string, cluster: string): string {
  return statement.replace(
    /^ALTER TABLE (\w+)/,
    (_, table: string) => `ALTER TABLE ${table} ON CLUSTER ${quoteText(cluster)}`,
  );
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

function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
