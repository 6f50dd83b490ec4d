/**
 * Joins the shared log: NATS answers, the stream is made or checked, the name is this gateway's alone, and the settings
 * are those of all.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Lease, type SharedKey } from '../base/lease.ts';
import type { Log } from '../base/log.ts';
import type { GatewaySettings } from '../config/gateway-settings.ts';
import type { Nats } from '../nats/connect-nats.ts';
import { type OpenedStream, openStream, replicasBy } from '../nats/open-stream.ts';
import { openSharedKey, type WatchedKey } from '../nats/shared-key.ts';
import { WriterLease } from '../table-writer/writer-lease.ts';
import { beginForwarding, type ForwarderLease, ofForwarder } from './forwarder-lease.ts';
import { type ClaimParts, GatewayClaim } from './gateway-claim.ts';
import { type FoundSpool, refuseOlderCopy } from './older-copy.ts';
import { checkSameSettings, type SharedSettings } from './same-settings.ts';
import { forwarderKey, gatewayKey, settingsKey, stateBucket } from './state-keys.ts';

export interface JoinParts {
  readonly settings: GatewaySettings;
  readonly shared: SharedSettings;
  readonly idsMax: number;
  readonly word: ClaimParts['word'];
  readonly run: ClaimParts['run'];
  /** As this start has found it. */
  readonly spool: FoundSpool;
  /** This gateway can go on no more: why. */
  readonly lost: (sentence: string) => void;
  readonly log: Log;
}

export interface JoinedLog {
  readonly nats: Nats;
  readonly stream: OpenedStream;
  /** Of the keys. */
  readonly bucket: string;
  readonly claim: GatewayClaim;
  readonly lease: WriterLease;
  /** Null where nothing is forwarded to Prefect. */
  readonly forwarderLease: ForwarderLease | null;
}

const leaseMs = 10_000;
const pauseMs = 250;

/** The stream of the settings: of the epoch that the folder follows (`known`), or of any if it follows none yet. */
export async function openLog(
  nats: Nats,
  { settings, idsMax }: Pick<JoinParts, 'settings' | 'idsMax'>,
  { known, mayMake }: { readonly known: OpenedStream | null; readonly mayMake: boolean },
  firstSeq: number,
): Promise<OpenedStream> {
  const { name, replicas, bytesMax } = settings;
  const wish = { name, replicas, bytesMax, idsMax, firstSeq, mayMake };
  return await openStream(nats, { ...wish, epoch: known?.epoch ?? randomUUID() });
}

/** The key of the tokens that all gateways share. Rejects as `joinLog`. */
export function tokensKey(nats: Nats, settings: Pick<GatewaySettings, 'name' | 'replicas'>): Promise<WatchedKey> {
  const replicas = settings.replicas ?? replicasBy(nats);
  return openSharedKey(nats, { bucket: `${settings.name}_ACCESS`, name: 'tokens', replicas });
}

/** Rejects with StartRefused for what is not as it must be, and as the client does. */
export async function joinLog(nats: Nats, stream: OpenedStream, parts: JoinParts): Promise<JoinedLog> {
  const { settings, shared, word, run, spool, lost, log } = parts;
  const { id } = settings;
  const bucket = stateBucket(settings.name);
  const replicas = settings.replicas ?? replicasBy(nats);
  const keyOf = (name: string): Promise<SharedKey> => openSharedKey(nats, { bucket, name, replicas });
  const pause = (ms: number): Promise<void> => wait(ms);
  const key = await keyOf('writer');
  const claim = new GatewayClaim({
    ...{ id, word, run, foundHead: spool.head, lost, pause, log },
    key: await keyOf(gatewayKey(id)),
  });
  await checkSameSettings({ nats, bucket, id, key: await keyOf(settingsKey) }, shared);
  await refuseOlderCopy(nats, settings, spool);
  const place = shared.prefectUrl === null ? null : await keyOf(forwarderKey);
  // Last of what may be refused: from then on the name is spoken for.
  await claim.take();
  const held = {
    ...{ holder: id, nonce: randomUUID, leaseMs },
    elapsedMs: () => performance.now(),
    pause: () => wait(pauseMs),
  };
  try {
    if (place !== null) await beginForwarding({ nats, bucket, key: place, log }, word().head);
  } catch (error) {
    // The next try has a claim of its own.
    claim.stop();
    throw error;
  }
  const forwarderLease = place === null ? null : new Lease({ ...held, key: place, of: ofForwarder });
  return { nats, stream, bucket, claim, forwarderLease, lease: new WriterLease({ ...held, key }) };
}
