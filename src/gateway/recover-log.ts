/**
 * Goes on after a shared log that was lost, or went back: a new epoch, in a stream made anew. What this gateway's
 * replica has goes into ClickHouse first; what the spools of all gateways have is judged against that, and so gets in
 * once. It may be broken off anywhere, and run again.
 */
import { randomUUID } from 'node:crypto';
import { StartRefused } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { ReplicaPlace } from '../journal/begin-replica.ts';
import { firstSeqAt } from '../journal/open-segments.ts';
import type { Nats } from '../nats/connect-nats.ts';
import { listKeys } from '../nats/list-keys.ts';
import { infoOf, type OpenedStream, openStream, removeStream, type StreamWish } from '../nats/open-stream.ts';
import { hasBucket, removeKey } from '../nats/shared-key.ts';
import { leftText, readWord, silentMs } from './gateway-claim.ts';
import { forwarderKey, gatewayKey, gatewayKeys, stateBucket } from './state-keys.ts';

/** Looking whether a gateway lives. */
export interface Watching {
  readonly nats: Nats;
  readonly wish: Pick<StreamWish, 'name'>;
  /** Is told what is waited for. */
  readonly says?: (sentence: string) => void;
  readonly pause: (ms: number) => Promise<unknown>;
}

export interface RecoverParts extends Watching {
  readonly wish: Pick<StreamWish, 'name' | 'replicas' | 'bytesMax' | 'idsMax'>;
  /** The shared log that this gateway's replica follows. */
  readonly known: OpenedStream;
  /** How far it has applied it. */
  readonly applied: ReplicaPlace;
  /** Puts all that the replica has and ClickHouse has not into ClickHouse. */
  readonly drain: () => Promise<void>;
  /** Whether the database knows this epoch: one that was restored may not. */
  readonly isKnown: (epoch: string) => Promise<boolean>;
  /** Makes this epoch the owner of the database; `isSure`: no gateway lives, whatever heartbeats are there. */
  readonly takeOver: (stream: OpenedStream, isSure: boolean) => Promise<void>;
  /** Also where the stream could be followed as it is. */
  readonly isForced: boolean;
  readonly now: () => number;
  readonly log: Log;
}

/** Resolves to the new epoch's stream. Rejects with StartRefused. */
export async function recoverLog(parts: RecoverParts): Promise<OpenedStream> {
  const { nats, wish, known, log } = parts;
  const haveEnded = await refuseLiving(parts);
  const half = await begun(parts);
  if (half !== null) {
    log.warn({ epoch: half.epoch }, 'a recovery had begun this epoch: it is finished');
    if (await parts.isKnown(half.epoch)) return half;
    await refuseGoneOn(parts);
    await parts.drain();
    await parts.takeOver(half, false);
    return half;
  }
  await refuseWhole(parts);
  if (parts.isForced && !(await parts.isKnown(known.epoch))) {
    parts.says?.('The database knows nothing of this shared log: it is taken for an older backup of it.');
  }
  await parts.drain();
  await forgetGateways(nats, wish.name);
  await removeStream(nats, wish.name);
  const after = { epoch: known.epoch, seq: parts.applied.seq };
  const firstSeq = firstSeqBehind(after.seq, parts.now());
  const { rules = 1 } = parts.applied;
  const stream = await openStream(nats, { ...wish, epoch: randomUUID(), firstSeq, after, rules });
  await parts.takeOver(stream, haveEnded);
  return stream;
}

/** Of an epoch that follows this seq. */
export function firstSeqBehind(seq: number, now: number): number {
  return firstSeqAt(Math.max(now, Math.floor(seq / seqsPerSecond + 1) * 1000));
}

/** What gateways and the table writer of an ended shared log have said. Rejects as the client does. */
export async function forgetGateways(nats: Nats, name: string): Promise<void> {
  const bucket = stateBucket(name);
  if (!(await hasBucket(nats, bucket))) return;
  const gateways = [...(await listKeys(nats, bucket, gatewayKeys)).keys()].map(gatewayKey);
  for (const key of ['writer', 'base', ...gateways]) await removeKey(nats, bucket, key);
}

/** How far an ended shared log was forwarded to Prefect. Rejects as the client does. */
export async function forgetForwarding(nats: Nats, name: string): Promise<void> {
  const bucket = stateBucket(name);
  if (await hasBucket(nats, bucket)) await removeKey(nats, bucket, forwarderKey);
}

const seqsPerSecond = 2 ** 20;

/** Where a recovery of this very epoch was broken off when the stream was made. */
async function begun({ nats, wish, known }: RecoverParts): Promise<OpenedStream | null> {
  if ((await infoOf(nats, wish.name)) === null) return null;
  const there = await openStream(nats, { ...wish, epoch: '', firstSeq: 0, mayMake: false });
  return there.after?.epoch === known.epoch ? there : null;
}

/**
 * True where all that ever were there have said that they ended: then no sign of life elsewhere need be waited for.
 * Rejects with StartRefused while a gateway of this shared log lives.
 */
export async function refuseLiving({ nats, wish: { name }, pause, says }: Watching): Promise<boolean> {
  const bucket = stateBucket(name);
  const read = async () => ((await hasBucket(nats, bucket)) ? listKeys(nats, bucket, gatewayKeys) : []);
  const before = new Map(await read());
  const mayLive = [...before].filter(([, { text }]) => text !== leftText && readWord(text)?.hasEnded !== true);
  if (mayLive.length > 0) {
    const ids = mayLive.map(([id]) => id).join(', ');
    says?.(`For ${silentMs / 1000} s it is watched whether a gateway lives that has not said otherwise: ${ids}.`);
    await pause(silentMs);
  }
  for (const [id, { revision }] of mayLive.length > 0 ? await read() : []) {
    if (before.get(id)?.revision !== revision) {
      throw new StartRefused(`Gateway ${id} lives: stop all gateways first. Nothing was changed.`);
    }
  }
  return before.size > 0 && mayLive.length === 0;
}

async function refuseWhole({ nats, wish, known, applied, isForced }: RecoverParts): Promise<void> {
  const found = await infoOf(nats, wish.name);
  if (found === null || isForced) return;
  const { config, state } = found;
  const epoch = config.metadata?.['sluice.epoch'];
  if (epoch !== known.epoch || state.last_seq < applied.stream || state.first_seq > applied.stream + 1) return;
  throw new StartRefused(
    `The stream ${wish.name} is there up to message ${state.last_seq}, and goes on where this gateway is ` +
      `(${applied.stream}): there is nothing to recover, start the gateways. If its servers differ, or ClickHouse ` +
      'was restored from a backup, `--anew` begins anew in any case. Nothing was changed.',
  );
}

/** What gateways have taken in the epoch that was begun is in their replicas, and not in this one. */
async function refuseGoneOn({ nats, wish }: RecoverParts): Promise<void> {
  const found = await infoOf(nats, wish.name);
  if (found === null || found.state.last_seq === 0) return;
  throw new StartRefused(
    `The stream ${wish.name} was made anew since this gateway ran, and others have gone on in it: run this on the ` +
      'one of them that has applied most. Nothing was changed.',
  );
}
