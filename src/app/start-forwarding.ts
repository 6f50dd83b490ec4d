/**
 * Sends events on to a Prefect server, where the settings name one (docs/prefect.md, "Level 2").
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { FilePort } from '../base/file-port.ts';
import type { Log } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import { readPassing } from '../forwarder/passing.ts';
import { placeFile } from '../forwarder/place-file.ts';
import { prefectApi } from '../forwarder/prefect-api.ts';
import { type Forwarder, startForwarder } from '../forwarder/start-forwarder.ts';
import type { IntakeParts } from './open-intake.ts';

type ForwardingConfig = Pick<
  Config,
  'dataDir' | 'durability' | 'prefectUrl' | 'prefectAuthString' | 'prefectEventsPerS' | 'prefectFilter'
>;

/** Null without a Prefect server. Rejects with StartRefused for a filter or a file that cannot be read. */
export async function startForwarding(
  config: ForwardingConfig,
  { journal, live }: Pick<IntakeParts, 'journal' | 'live'>,
  files: FilePort,
  log: Log,
): Promise<Forwarder | null> {
  const passing = readPassing(config.prefectFilter);
  if (config.prefectUrl === null) return null;
  return await startForwarder({
    events: journal,
    live,
    passing,
    api: prefectApi({ url: config.prefectUrl, authString: config.prefectAuthString }),
    store: placeFile(config.dataDir, config.durability === 'fsync', files),
    told: { url: config.prefectUrl, filter: config.prefectFilter },
    eventsPerS: config.prefectEventsPerS,
    clock: {
      elapsedMs: () => performance.now(),
      pause: (ms, signal) => wait(ms, undefined, { signal }).catch(() => undefined),
    },
    now: Date.now,
    log,
  });
}
