/**
 * What the embedded engine is started with: its folder, its configuration within a memory bound, and one user with a
 * random password of which only the hash touches the disk.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const engineUser = 'sluice';
const fieldBytesMax = 64 * 1024 * 1024;
const threadBytesMin = 64 * 1024 * 1024;
/** The small indexes of a part become one file: a part is 40 files fewer to make, to sync and to remove (decision 024). */
const packedIndexBytesMax = 4 * 1024 * 1024;

export interface EngineFiles {
  readonly configFile: string;
  readonly dataFolder: string;
}

/** Writes the files of one start below `folder` (absolute: ClickHouse fails to sync folders of a relative path). */
export function writeEngineFiles(folder: string, password: string, memoryBytesMax: number): EngineFiles {
  const dataFolder = join(folder, 'data');
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const usersFile = join(folder, 'users.xml');
  const configFile = join(folder, 'config.xml');
  writeFileSync(usersFile, usersXml(password), { mode: 0o600 });
  writeFileSync(configFile, configXml(usersFile, memoryBytesMax), { mode: 0o600 });
  return { configFile, dataFolder };
}

/** The engine's own session needs `default` without a password, from this machine; its grants leave it nothing else to do. */
function usersXml(password: string): string {
  const settings: Record<string, number> = {
    // Read before the settings of a request are: a filter of many ids is one long parameter.
    http_max_field_value_size: fieldBytesMax,
    // A query takes a second thread only where so much memory is free for each: by default 1 GiB, which an engine of 2 GiB never has.
    max_threads_min_free_memory_per_thread: threadBytesMin,
  };
  const profile = Object.entries(settings).map(([name, value]) => `<${name}>${value}</${name}>`);
  const hash = createHash('sha256').update(password).digest('hex');
  const grants = [
    'GRANT SYSTEM LISTEN ON *.*',
    'GRANT CREATE TABLE, SELECT ON default.parent',
    'GRANT CREATE TABLE, SELECT ON _local.parent',
    'GRANT TABLE ENGINE ON File',
  ];
  const rest = '<networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>';
  return `<clickhouse><users>
<default><password></password>${rest}<grants>${grants.map((grant) => `<query>${grant}</query>`).join('')}</grants></default>
<${engineUser}><password_sha256_hex>${hash}</password_sha256_hex>${rest}</${engineUser}>
</users><profiles><default>${profile.join('')}</default></profiles><quotas><default/></quotas></clickhouse>
`;
}

function configXml(usersFile: string, memoryBytesMax: number): string {
  const cache = Math.floor(memoryBytesMax / 32);
  const settings: Record<string, string | number> = {
    users_config: escapeXml(usersFile),
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
  );
  return `<clickhouse>\n${lines.join('\n')}\n</clickhouse>\n`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
