/**
 * Gives up what waits to be forwarded to a Prefect server that stays away, so that the replicas of all gateways may let
 * it go. The gateways may run: whoever forwards has lost the lease then, and goes on behind it. What is given up stands
 * in the key.
 */
import { StartRefused } from '../base/errors.ts';
import { boundedPlace, type KeptPlace } from '../forwarder/kept-place.ts';
import type { Nats } from '../nats/connect-nats.ts';
import { listKeys } from '../nats/list-keys.ts';
import { hasBucket, sharedKey } from '../nats/shared-key.ts';
import { noLog } from './cluster-status.ts';
import { parseForwarder, placeText } from './forwarder-lease.ts';
import { readWord } from './gateway-claim.ts';
import { forwarderKey, gatewayKeys, stateBucket } from './state-keys.ts';

export interface SkipParts {
  readonly nats: Nats;
  /** Of the shared log. */
  readonly name: string;
  readonly now: () => Date;
}

const triesMax = 20;

export interface SkipDone {
  /** A sentence. */
  readonly text: string;
  readonly isSkipped: boolean;
}

/** Rejects with StartRefused, and as the client does; then nothing has changed. */
export async function skipForwarding({ nats, name, now }: SkipParts): Promise<SkipDone> {
  const bucket = stateBucket(name);
  if (!(await hasBucket(nats, bucket))) throw new StartRefused(noLog(name));
  const key = sharedKey(nats, { bucket, name: forwarderKey });
  const words = [...(await listKeys(nats, bucket, gatewayKeys)).values()].map(({ text }) => readWord(text));
  const last = Math.max(0, ...words.map((word) => word?.head ?? 0));
  for (let tries = 0; tries < triesMax; tries += 1) {
    const entry = await key.read();
    const held = entry === null ? null : parseForwarder(entry.text);
    if (entry === null || held?.state == null) {
      throw new StartRefused(`Nothing was ever forwarded to Prefect from the shared log ${name}.`);
    }
    const { term, state } = held;
    if (state.confirmed >= last) return { text: 'Nothing waits to be forwarded to Prefect.', isSkipped: false };
    const place = skipped(state, last, now());
    // Whoever forwards says something every few seconds.
    if ((await key.write(placeText(term + 1, place), entry.revision)) === null) continue;
    const text =
      `Events from seq ${state.confirmed + 1} to ${last} are not forwarded to Prefect. ` +
      '`sluice verify --prefect URL --since … --repair` sends what Prefect lacks.';
    return { text, isSkipped: true };
  }
  throw new StartRefused('The key of the forwarder changed at each try: run it again.');
}

function skipped(state: KeptPlace, last: number, now: Date): KeptPlace {
  return boundedPlace({
    confirmed: last,
    maybeSentUpTo: Math.max(last, state.maybeSentUpTo),
    skipped: [...state.skipped, { first: state.confirmed + 1, last, at: now.toISOString() }],
  });
}
