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
import { hasBucket, removeKey, sharedKey } from '../nats/shared-key.ts';
import { parseHolder } from '../table-writer/writer-lease.ts';
import { leftText, readWord, silentMs } from './gateway-claim.ts';
import { gatewayKey, gatewayKeys, stateBucket } from './state-keys.ts';

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
  /** Puts all that the replica has into ClickHouse, from behind this seq on if one is known. */
  readonly drain: (checkpoint: number | null) => Promise<void>;
  /** Makes this epoch the owner of the database. */
  readonly takeOver: (stream: OpenedStream) => Promise<void>;
  /** Also where the stream could be followed as it is. */
  readonly isForced: boolean;
  readonly now: () => number;
  readonly log: Log;
}

/** Resolves to the new epoch's stream. Rejects with StartRefused. */
export async function recoverLog(parts: RecoverParts): Promise<OpenedStream> {
  const { nats, wish, known, log } = parts;
  await refuseLiving(parts);
  const half = await begun(parts);
  if (half !== null) {
    log.warn({ epoch: half.epoch }, 'a recovery had begun this epoch: it is finished');
    await parts.takeOver(half);
    return half;
  }
  await refuseWhole(parts);
  await parts.drain(await checkpointOf(parts));
  await forgetGateways(nats, wish.name);
  await removeStream(nats, wish.name);
  const after = { epoch: known.epoch, seq: parts.applied.seq };
  const firstSeq = firstSeqBehind(after.seq, parts.now());
  const { rules = 1 } = parts.applied;
  const stream = await openStream(nats, { ...wish, epoch: randomUUID(), firstSeq, after, rules });
  await parts.takeOver(stream);
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

const seqsPerSecond = 2 ** 20;

/** Where a recovery of this very epoch was broken off when the stream was made. */
async function begun({ nats, wish, known }: RecoverParts): Promise<OpenedStream | null> {
  if ((await infoOf(nats, wish.name)) === null) return null;
  const there = await openStream(nats, { ...wish, epoch: '', firstSeq: 0, mayMake: false });
  return there.after?.epoch === known.epoch ? there : null;
}

/** Rejects with StartRefused while a gateway of this shared log lives. */
export async function refuseLiving({ nats, wish: { name }, pause, says }: Watching): Promise<void> {
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
}

async function refuseWhole({ nats, wish, known, applied, isForced }: RecoverParts): Promise<void> {
  const found = await infoOf(nats, wish.name);
  if (found === null || isForced) return;
  const { config, state } = found;
  const epoch = config.metadata?.['sluice.epoch'];
  if (epoch !== known.epoch || state.last_seq < applied.stream || state.first_seq > applied.stream + 1) return;
  throw new StartRefused(
    `The stream ${wish.name} is there up to message ${state.last_seq}, and goes on where this gateway is ` +
      `(${applied.stream}): there is nothing to recover, start the gateways. If its servers differ, \`--anew\` ` +
      'begins anew in any case. Nothing was changed.',
  );
}

/** Null where the key is lost, or of another epoch. */
async function checkpointOf({ nats, wish: { name }, known }: RecoverParts): Promise<number | null> {
  const bucket = stateBucket(name);
  if (!(await hasBucket(nats, bucket))) return null;
  const found = await sharedKey(nats, { bucket, name: 'writer' }).read();
  const state = found === null ? null : parseHolder(found.text).state;
  return state?.epoch === known.epoch ? state.checkpoint : null;
}
