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
import { type Forwarder, type ForwarderParts, startForwarder } from '../forwarder/start-forwarder.ts';
import type { TermParts } from '../gateway/shared-forwarder.ts';
import type { OpenedLog } from './opened-log.ts';

type ForwardingConfig = Pick<
  Config,
  'dataDir' | 'durability' | 'prefectUrl' | 'prefectAuthString' | 'prefectEventsPerS' | 'prefectFilter'
>;

/** Null without a Prefect server. Rejects with StartRefused for a filter or a file that cannot be read. */
export async function startForwarding(
  config: ForwardingConfig,
  { intake: { journal, live }, gateway }: Pick<OpenedLog, 'intake' | 'gateway'>,
  files: FilePort,
  log: Log,
): Promise<Forwarder | null> {
  const passing = readPassing(config.prefectFilter);
  const { dataDir, durability, prefectUrl: url, prefectAuthString: authString, prefectFilter: filter } = config;
  if (url === null) return null;
  const told = { url, filter };
  const start = (own: Pick<ForwarderParts, 'store'> & Partial<TermParts>): Promise<Forwarder> =>
    startForwarder({
      ...{ events: journal, live, passing, told, log, eventsPerS: config.prefectEventsPerS },
      api: prefectApi({ url, authString }),
      clock: {
        elapsedMs: () => performance.now(),
        pause: (ms, signal) => wait(ms, undefined, { signal }).catch(() => undefined),
      },
      now: Date.now,
      ...own,
    });
  if (gateway !== null) return gateway.forwarding.start({ told, start });
  return await start({ store: placeFile(dataDir, durability === 'fsync', files) });
}
