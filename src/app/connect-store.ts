/**
 * The store of this start: the server that CLICKHOUSE_URL names, or the embedded engine; it serves only while the
 * database knows this journal as its owner.
 */

import { StartRefused } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { startEmbeddedEngine } from '../clickhouse/embedded-engine.ts';
import { type EndpointSource, remoteClickhouse } from '../clickhouse/endpoint.ts';
import { checkOwnership, heartbeat, type JournalFacts } from '../clickhouse/ownership.ts';
import { openStore, type Store, type StoreOptions } from '../clickhouse/store.ts';
import type { Config } from '../config/config.ts';

/** The settings of where ClickHouse answers. */
export type SourceConfig = Pick<
  Config,
  'dataDir' | 'clickhouseUrl' | 'clickhousePassword' | 'engineMemoryBytesMax' | 'engineStartMs' | 'engineHungMs'
>;

/** Those, and what the store itself takes. */
export type StoreConfig = SourceConfig & Pick<Config, keyof Config & keyof StoreOptions>;

/** Where ClickHouse answers; starts the embedded engine if no URL is set. Throws StartRefused if there is neither. */
export function openSource(config: SourceConfig, log: Log): EndpointSource {
  if (config.clickhouseUrl !== null) return remoteClickhouse(config.clickhouseUrl, config.clickhousePassword);
  if (config.clickhousePassword !== null) {
    throw new StartRefused(
      'SLUICE_CLICKHOUSE_PASSWORD is set, but CLICKHOUSE_URL is not: name the server too, or leave both out ' +
        'for the embedded engine.',
    );
  }
  const { dataDir, engineMemoryBytesMax: memoryBytesMax, engineStartMs: startMs, engineHungMs: hungMs } = config;
  return startEmbeddedEngine({ dataDir, memoryBytesMax, startMs, hungMs, log });
}

/** Starts connecting at once, and does not wait. Throws StartRefused as `openSource`. */
export function connectStore(config: StoreConfig, facts: () => Promise<JournalFacts>, log: Log): Store {
  return openStore({
    ...config,
    source: openSource(config, log),
    log,
    async verify(client) {
      const { doubt } = await checkOwnership(client, await facts());
      if (doubt !== null) log.warn(doubt);
    },
    heartbeat: async (client) => heartbeat(client, await facts()),
  });
}
