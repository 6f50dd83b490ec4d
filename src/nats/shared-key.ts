/**
 * The key that all gateways see: the newest message of one subject, of which the stream keeps no other. It is read and
 * written by whoever leads the stream, so what was read is never older than what was written before.
 */
import type { MsgRequest } from '@nats-io/jetstream';
import { StartRefused } from '../base/errors.ts';
import type { KeyEntry, SharedKey } from '../base/lease.ts';
import type { Nats } from './connect-nats.ts';
import { infoOf } from './open-stream.ts';
import { NotTaken, publishBehind } from './publish-behind.ts';
import { messageOf } from './stored-message.ts';

/** A key that may be asked often. */
export interface WatchedKey extends SharedKey {
  /** What was written since this revision; null for nothing. */
  newer(revision: number): Promise<KeyEntry | null>;
}

export interface SharedKeyWish {
  /** Of the stream that keeps keys. */
  readonly bucket: string;
  readonly name: string;
  readonly replicas: number;
}

const bytesMax = 16 * 1024 * 1024;

/** Laid out as the key-value buckets of NATS, so that their tools show it. Rejects as the client does. */
export async function openSharedKey(nats: Nats, { bucket, name, replicas }: SharedKeyWish): Promise<WatchedKey> {
  const stream = streamOfBucket(bucket);
  const { config } = await nats.manager.streams.add({
    name: stream,
    subjects: [`$KV.${bucket}.>`],
    storage: 'file',
    num_replicas: replicas,
    max_msgs_per_subject: 1,
    max_bytes: bytesMax,
    discard: 'new',
    deny_delete: true,
    allow_rollup_hdrs: true,
    allow_direct: false,
  });
  if (config.max_msgs_per_subject !== 1)
    throw new StartRefused(`The bucket ${bucket} keeps more than one value of a key.`);
  return sharedKey(nats, { bucket, name });
}

/** Of a bucket that is there. */
export function sharedKey(nats: Nats, { bucket, name }: Pick<SharedKeyWish, 'bucket' | 'name'>): WatchedKey {
  const stream = streamOfBucket(bucket);
  const subject = subjectOfKey(bucket, name);
  const { manager } = nats;
  const find = async (query: MsgRequest): Promise<KeyEntry | null> => {
    const found = await messageOf(manager, stream, query);
    return found === null ? null : { text: found.string(), revision: found.seq };
  };
  return {
    read: () => find({ last_by_subj: subject }),
    newer: (revision) => find({ seq: revision + 1, next_by_subj: subject } as MsgRequest), // which its type lacks
    async write(text, revision) {
      const kept = await publishBehind(nats, subject, text, { subjectLast: revision });
      if (kept instanceof NotTaken) throw new Error(`the key was not written: ${kept.description}`);
      return kept;
    },
  };
}

/** Removes a key, whatever it holds. Rejects as the client does. */
export async function removeKey({ manager }: Nats, bucket: string, name: string): Promise<void> {
  await manager.streams.purge(streamOfBucket(bucket), { filter: subjectOfKey(bucket, name) });
}

/** Rejects as the client does. */
export async function hasBucket(nats: Nats, bucket: string): Promise<boolean> {
  return (await infoOf(nats, streamOfBucket(bucket))) !== null;
}

/** The stream that keeps its keys. */
export function streamOfBucket(bucket: string): string {
  return `KV_${bucket}`;
}

function subjectOfKey(bucket: string, name: string): string {
  return `$KV.${bucket}.${name}`;
}
