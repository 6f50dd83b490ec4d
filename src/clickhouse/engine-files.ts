/**
 * What the embedded engine is started with: its folder, its configuration within a memory bound, and who may ask it
 * what. Three things keep others out: a path of HTTP that nobody else knows, a password of which only the hash touches
 * the disk, and grants that leave the library's own user nothing (docs/SECURITY.md).
 */
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const engineUser = 'sluice';
const fieldBytesMax = 64 * 1024 * 1024;
const threadBytesMin = 64 * 1024 * 1024;
/**
 * The small indexes of a part become one file: a part is 40 files fewer to make, to sync and to remove (decision 024).
 */
const packedIndexBytesMax = 4 * 1024 * 1024;

export interface EngineFiles {
  readonly configFile: string;
  readonly dataFolder: string;
}

/** What the engine's HTTP asks of who talks to it, made anew for each start. */
export interface EngineSecrets {
  /** The only path that answers, with the slash in front. Of characters that XML and URLs leave alone. */
  readonly pathname: string;
  readonly password: string;
}

/** Writes the files of one start below `folder` (absolute: ClickHouse fails to sync folders of a relative path). */
export function writeEngineFiles(
  folder: string,
  port: number,
  secrets: EngineSecrets,
  memoryBytesMax: number,
): EngineFiles {
  const dataFolder = join(folder, 'data');
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const usersFile = join(folder, 'users.xml');
  const configFile = join(folder, 'config.xml');
  writeSecret(usersFile, usersXml(secrets.password));
  writeSecret(configFile, configXml(usersFile, port, secrets.pathname, memoryBytesMax));
  return { configFile, dataFolder };
}

/** A file that was there keeps its mode when it is written again: so it is set as well. */
function writeSecret(file: string, text: string): void {
  rmSync(file, { force: true });
  writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
}

/**
 * The library's own session: `default`, without a password, from this machine. It starts the listener and reads its own
 * empty input.
 */
const ownGrants = [
  'SYSTEM LISTEN ON *.*',
  // Where that input is. With the same on `default.parent` a table over any file could be made.
  'CREATE TABLE, SELECT ON _local.parent',
  'TABLE ENGINE ON File',
];

/**
 * Sluice's user: tables of these engines, and nothing that reads or writes elsewhere (no source, no dictionary, no
 * backup, no user).
 */
const sluiceGrants = [
  'SELECT, INSERT, SHOW, CREATE DATABASE, CREATE TABLE, DROP TABLE, TRUNCATE, OPTIMIZE, SYSTEM MERGES ON *.*',
  'ALTER UPDATE, ALTER DELETE, ALTER COLUMN, ALTER INDEX, ALTER PROJECTION, ALTER CONSTRAINT, ALTER TTL, ' +
    'ALTER SETTINGS ON *.*',
  // Of the database, then of its tables.
  'TABLE ENGINE ON Atomic',
  'TABLE ENGINE ON MergeTree',
  'TABLE ENGINE ON ReplacingMergeTree',
];

/** A table could name a disk of its own, anywhere. */
const fixedSettings = ['merge_tree_disk', 'merge_tree_storage_policy', 'add_http_cors_header'];

function usersXml(password: string): string {
  const settings: Record<string, number> = {
    // Read before the settings of a request are: a filter of many ids is one long parameter.
    http_max_field_value_size: fieldBytesMax,
    // A query takes a second thread only where so much memory is free for each: by default 1 GiB, which an engine of 2
    // GiB never has.
    max_threads_min_free_memory_per_thread: threadBytesMin,
  };
  const profile = Object.entries(settings).map(([name, value]) => `<${name}>${value}</${name}>`);
  const hash = createHash('sha256').update(password).digest('hex');
  const fixed = fixedSettings.map((name) => `<${name}><const/></${name}>`);
  const rest = '<networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>';
  return `<clickhouse><users>
<default><password></password>${rest}${grantsXml(ownGrants)}</default>
<${engineUser}><password_sha256_hex>${hash}</password_sha256_hex>${rest}${grantsXml(sluiceGrants)}</${engineUser}>
</users><profiles><default>${profile.join('')}<constraints>${fixed.join('')}</constraints></default></profiles>
<quotas><default/></quotas></clickhouse>
`;
}

function grantsXml(grants: readonly string[]): string {
  return `<grants>${grants.map((grant) => `<query>GRANT ${grant}</query>`).join('')}</grants>`;
}

function configXml(usersFile: string, port: number, pathname: string, memoryBytesMax: number): string {
  const cache = Math.floor(memoryBytesMax / 32);
  const settings: Record<string, string | number> = {
    users_config: escapeXml(usersFile),
    // Here and in no argument: everybody reads those, and could take the port first.
    http_port: port,
    max_server_memory_usage: memoryBytesMax,
    mark_cache_size: cache,
    primary_index_cache_size: cache,
    index_mark_cache_size: cache,
    uncompressed_cache_size: 0,
    text_index_tokens_cache_size: cache,
    text_index_header_cache_size: cache,
    text_index_postings_cache_size: cache,
    vector_similarity_index_cache_size: 0,
    parquet_metadata_cache_size: 0,
    compiled_expression_cache_size: cache,
    // Merges take one core of two at most, and memory for one merge at a time.
    background_pool_size: 1,
    background_merges_mutations_concurrency_ratio: 2,
    background_schedule_pool_size: 2,
    max_thread_pool_size: 500,
    asynchronous_metrics_update_period_s: 60,
    asynchronous_heavy_metrics_update_period_s: 600,
  };
  const lines = Object.entries(settings).map(([name, value]) => `<${name}>${value}</${name}>`);
  lines.push(
    `<merge_tree><packed_skip_index_max_bytes>${packedIndexBytesMax}</packed_skip_index_max_bytes></merge_tree>`,
    // One rule only: every other path, `/`, `/ping`, `/play` and `/metrics` among them, is 404 for every user.
    `<http_handlers><rule><url>${pathname}</url><handler><type>dynamic_query_handler</type>` +
      '<query_param_name>query</query_param_name></handler></rule></http_handlers>',
  );
  return `<clickhouse>\n${lines.join('\n')}\n</clickhouse>\n`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
