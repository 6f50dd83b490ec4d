/**
 * Makes a shared log that goes on from a single Sluice, once ClickHouse has all of its events: in an epoch of its own,
 * which owns the database from then on. It may be broken off anywhere, and run again.
 */
import { StartRefused } from '../base/errors.ts';
import { epochOf, infoOf, type OpenedStream, openStream, type StreamWish } from '../nats/open-stream.ts';
import type { HandedOver } from './handed-over.ts';
import { forgetForwarding, forgetGateways, refuseLiving, type Watching } from './recover-log.ts';

export interface InitParts extends Watching {
  readonly wish: Pick<StreamWish, 'name' | 'replicas' | 'bytesMax' | 'idsMax'>;
  /** What was written down by an earlier run that was broken off; null for none. */
  readonly begun: HandedOver | null;
  /** Puts all that the folder has into ClickHouse, chooses the epoch that follows, and writes it down. */
  readonly drain: () => Promise<HandedOver>;
  /** Gives the tokens of the folder to all gateways. */
  readonly copyTokens: () => Promise<void>;
  /** Gives the dead letter of the folder to all gateways. */
  readonly copyDead: () => Promise<void>;
  /** Makes this epoch the owner of the database; false if it was that before. */
  readonly takeOver: (stream: OpenedStream) => Promise<boolean>;
}

export interface InitDone {
  readonly stream: OpenedStream;
  /** There was nothing left to do. */
  readonly wasDone: boolean;
}

/** Rejects with StartRefused. */
export async function initLog(parts: InitParts): Promise<InitDone> {
  const { nats, wish, begun } = parts;
  const found = await infoOf(nats, wish.name);
  if (found !== null && epochOf(found.config) !== begun?.epoch) refuseThere(wish.name);
  // Without a stream nobody can have been told of an epoch: what is written down may be written anew.
  const next = found === null || begun === null ? await prepare(parts) : begun;
  const { epoch, firstSeq, after } = next;
  const stream = await openStream(nats, { ...wish, epoch, firstSeq, after });
  if (stream.epoch !== epoch) refuseThere(wish.name);
  return { stream, wasDone: !(await parts.takeOver(stream)) };
}

async function prepare(parts: InitParts): Promise<HandedOver> {
  await refuseLiving(parts);
  const next = await parts.drain();
  await forgetGateways(parts.nats, parts.wish.name);
  // Of a shared log that had the name before: nothing of it is to be forwarded from here.
  await forgetForwarding(parts.nats, parts.wish.name);
  await parts.copyTokens();
  await parts.copyDead();
  return next;
}

function refuseThere(name: string): never {
  throw new StartRefused(
    `The stream ${name} is there already, and is not one that this folder began: \`sluice cluster init\` makes a new ` +
      'one. Name another by SLUICE_LOG_NAME, or remove the stream if nothing uses it. Nothing of it was changed.',
  );
}
