/**
 * Where a new gateway begins: a place of the shared log up to which ClickHouse has all events, or the dead letter. It
 * stands in a key, written by whoever holds the lease, and nothing behind it leaves the stream.
 */

import type { KeyEntry } from '../base/lease.ts';
import type { ReplicaPlace } from '../journal/begin-replica.ts';
import type { Nats } from '../nats/connect-nats.ts';
import { hasBucket, sharedKey } from '../nats/shared-key.ts';
import { stateBucket } from './state-keys.ts';

interface LogBase extends ReplicaPlace {
  readonly version: 1;
  readonly epoch: string;
}

export function baseText(epoch: string, { stream, seq, receivedMs, rules }: ReplicaPlace): string {
  const base: LogBase = { version: 1, epoch, stream, seq, receivedMs, ...(rules !== undefined && { rules }) };
  return JSON.stringify(base);
}

/** Null if there is none of this epoch. */
export function parseBase(entry: KeyEntry | null, epoch: string): ReplicaPlace | null {
  if (entry === null) return null;
  const base = JSON.parse(entry.text) as Partial<LogBase>; // checked next
  const { version, epoch: found, stream, seq, receivedMs, rules = 1 } = base;
  const isBase = version === 1 && [stream, seq, receivedMs, rules].every(Number.isSafeInteger);
  return isBase && found === epoch ? ({ stream, seq, receivedMs, rules } as ReplicaPlace) : null; // were just checked
}

/** Rejects as the client does. */
export async function readBase(nats: Nats, name: string, epoch: string): Promise<ReplicaPlace | null> {
  const bucket = stateBucket(name);
  if (!(await hasBucket(nats, bucket))) return null;
  return parseBase(await sharedKey(nats, { bucket, name: 'base' }).read(), epoch);
}
