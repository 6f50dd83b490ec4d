/**
 * Settings that all gateways must have alike, for each of them may write: they stand in one key. They change when all
 * gateways but the one that starts are stopped.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { StartRefused } from '../base/errors.ts';
import type { SharedKey } from '../base/lease.ts';
import type { Config } from '../config/config.ts';
import type { Nats } from '../nats/connect-nats.ts';
import { listKeys } from '../nats/list-keys.ts';
import { sayMs } from './gateway-claim.ts';
import { gatewayKeys } from './state-keys.ts';

export type SharedSettings = Pick<
  Config,
  'retentionDays' | 'retentionOverrides' | 'clickhouseCluster' | 'prefectUrl' | 'prefectFilter' | 'prefectEventsPerS'
>;

export interface SameSettingsParts {
  readonly nats: Nats;
  readonly bucket: string;
  readonly key: SharedKey;
  /** Of this gateway. */
  readonly id: string;
}

/** Rejects with StartRefused where another living gateway has other values. */
export async function checkSameSettings(parts: SameSettingsParts, settings: SharedSettings): Promise<void> {
  const { key, id } = parts;
  const text = textOf(settings);
  const found = await key.read();
  if (found?.text === text) return;
  if (found !== null && (await isAnyOther(parts))) {
    throw new StartRefused(
      'The other gateways have SLUICE_RETENTION_DAYS, SLUICE_RETENTION_OVERRIDES, SLUICE_CLICKHOUSE_CLUSTER and ' +
        `SLUICE_PREFECT_URL, _FILTER and _EVENTS_PER_S as ${found.text}, and gateway ${id} has ${text}. Give all the ` +
        'same values; to change them, stop all gateways first.',
    );
  }
  const kept = await key.write(text, found?.revision ?? 0);
  if (kept === null) await checkSameSettings(parts, settings);
}

/** What the key says: whether events are forwarded to Prefect. */
export function forwards(text: string): boolean {
  return (JSON.parse(text) as { prefectUrl?: string }).prefectUrl !== undefined; // as `textOf` has it
}

/** Whether another gateway says that it lives. */
async function isAnyOther({ nats, bucket, id }: SameSettingsParts): Promise<boolean> {
  const read = () => listKeys(nats, bucket, gatewayKeys);
  const before = await read();
  await wait(sayMs * 1.5);
  const after = await read();
  return [...after].some(([name, { revision }]) => name !== id && before.get(name)?.revision !== revision);
}

/** As an earlier version has it, where nothing is forwarded: gateways are upgraded one by one. */
function textOf(settings: SharedSettings): string {
  const { retentionDays, retentionOverrides, clickhouseCluster, prefectUrl, prefectFilter, prefectEventsPerS } =
    settings;
  const overrides = retentionOverrides === null ? null : Object.entries(retentionOverrides).sort();
  const prefect = prefectUrl === null ? {} : { prefectUrl, prefectFilter, prefectEventsPerS };
  return JSON.stringify({ retentionDays, retentionOverrides: overrides, clickhouseCluster, ...prefect });
}
