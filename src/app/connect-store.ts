/**
 * The store of this start: the server that CLICKHOUSE_URL names, or the embedded engine; it serves only while the
 * database knows this journal as its owner.
 */

import { StartRefused } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { catchUp, syncEvents, syncSmall } from '../clickhouse/deciding-reads.ts';
import { startEmbeddedEngine } from '../clickhouse/embedded-engine.ts';
import { type EndpointSource, remoteClickhouse } from '../clickhouse/endpoint.ts';
import { checkLayout } from '../clickhouse/layout.ts';
import { checkOwnership, heartbeat, type JournalFacts } from '../clickhouse/ownership.ts';
import { SameStore } from '../clickhouse/same-store.ts';
import { openStore, type Store, type StoreOptions } from '../clickhouse/store.ts';
import type { Config } from '../config/config.ts';

/** The settings of where ClickHouse answers. */
export type SourceConfig = Pick<
  Config,
  | 'dataDir'
  | 'clickhouseUrl'
  | 'clickhousePassword'
  | 'clickhouseCluster'
  | 'clickhouseDdl'
  | 'engineMemoryBytesMax'
  | 'engineStartMs'
  | 'engineHungMs'
>;

/** Those, and what the store itself takes. */
export type StoreConfig = SourceConfig & Pick<Config, keyof Config & keyof StoreOptions>;

/** Where ClickHouse answers; starts the embedded engine if no URL is set. Throws StartRefused if there is neither. */
export function openSource(config: SourceConfig, log: Log): EndpointSource {
  checkLayout(config, config.clickhouseUrl !== null);
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

/** Who writes to the store, and what it does before batches may go into other parts than before. */
export interface StoreUser {
  readonly facts: () => Promise<JournalFacts>;
  readonly beforeClassChange?: () => Promise<void>;
  /** See ConnectionOptions. */
  readonly mayMigrate?: () => boolean;
}

/** Starts connecting at once, and does not wait. Throws StartRefused as `openSource`. */
export function connectStore(config: StoreConfig, user: StoreUser, log: Log): Store {
  const { facts, beforeClassChange, mayMigrate } = user;
  const sameStore = new SameStore();
  return openStore({
    ...config,
    source: openSource(config, log),
    log,
    ...(beforeClassChange && { beforeClassChange }),
    ...(mayMigrate && { mayMigrate }),
    async verify(server) {
      const { client, layout } = server;
      const ours = await facts();
      await sameStore.check(server, ours.owner);
      await catchUp(client, syncEvents(layout));
      const { doubt } = await checkOwnership(client, ours, () => catchUp(client, syncSmall(layout, 'journals')));
      await sameStore.note(server, ours.owner);
      if (doubt !== null) log.warn(doubt);
    },
    async heartbeat(server) {
      const { client, layout } = server;
      const ours = await facts();
      await heartbeat(client, ours, () => catchUp(client, syncSmall(layout, 'journals')));
      await sameStore.note(server, ours.owner);
    },
  });
}
