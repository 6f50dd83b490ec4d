/**
 * The store of this start: the server that CLICKHOUSE_URL names, or the embedded engine; it serves only while the database
 * knows this journal as its owner (DESIGN §5).
 */
import { startEmbeddedEngine } from './clickhouse/embedded-engine.ts';
import { remoteClickhouse } from './clickhouse/endpoint.ts';
import { checkOwnership, heartbeat, type JournalFacts } from './clickhouse/ownership.ts';
import { openStore, type Store } from './clickhouse/store.ts';
import type { Config } from './config.ts';
import type { Log } from './log.ts';

/** Starts connecting at once, and does not wait. Throws StartRefused if there is neither a URL nor an engine. */
export function connectStore(config: Config, facts: () => JournalFacts, log: Log): Store {
  const source =
    config.clickhouseUrl === null
      ? startEmbeddedEngine({
          dataDir: config.dataDir,
          memoryBytesMax: config.engineMemoryBytesMax,
          startMs: config.engineStartMs,
          log,
        })
      : remoteClickhouse(config.clickhouseUrl);
  return openStore({
    source,
    retentionDays: config.retentionDays,
    queriesMax: config.queriesMax,
    queryMs: config.queryMs,
    queryMemoryBytesMax: config.queryMemoryBytesMax,
    log,
    async verify(client) {
      const { doubt } = await checkOwnership(client, facts());
      if (doubt !== null) log.warn(doubt);
    },
    heartbeat: (client) => heartbeat(client, facts()),
  });
}
