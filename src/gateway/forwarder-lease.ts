/**
 * The key of the gateway that forwards to Prefect: who it is, and how far forwarding has come.
 */
import { randomUUID } from 'node:crypto';
import { type HeldState, type KnownHolder, type Lease, parseHeld, type SharedKey } from '../base/lease.ts';
import type { Log } from '../base/log.ts';
import { type KeptPlace, readPlace } from '../forwarder/kept-place.ts';
import type { Nats } from '../nats/connect-nats.ts';
import { listKeys } from '../nats/list-keys.ts';
import { readWord } from './gateway-claim.ts';
import { gatewayKeys } from './state-keys.ts';

export type ForwarderLease = Lease<KeptPlace>;

export const ofForwarder: HeldState<KeptPlace> = { whose: "the forwarder's", read: readPlace };

/** Throws for what no Sluice has written. */
export function parseForwarder(text: string): KnownHolder<KeptPlace> {
  return parseHeld(text, ofForwarder);
}

export function placeText(term: number, state: KeptPlace): string {
  return JSON.stringify({ version: 1, term, holder: '', nonce: randomUUID(), state });
}

/**
 * Where none is kept yet, forwarding begins behind all that any gateway has: to be called before this one brings
 * anything into the shared log. `head`: the newest seq of its replica. A warning, for the key may have been lost, and
 * with it what waits. Rejects as the client does.
 */
export async function beginForwarding(
  { nats, bucket, key, log }: { nats: Nats; bucket: string; key: SharedKey; log: Pick<Log, 'warn'> },
  head: number,
): Promise<void> {
  if ((await key.read()) !== null) return;
  const words = [...(await listKeys(nats, bucket, gatewayKeys)).values()].map(({ text }) => readWord(text));
  const after = Math.max(head, ...words.map((word) => word?.head ?? 0));
  // Whoever came first has said it.
  const kept = await key.write(placeText(0, { confirmed: after, maybeSentUpTo: after, skipped: [] }), 0);
  if (kept !== null)
    log.warn({ after }, 'no gateway has forwarded to Prefect so far: what came before is not forwarded');
}
