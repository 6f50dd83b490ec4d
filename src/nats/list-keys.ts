/**
 * The keys of a bucket (shared-key.ts) whose names begin alike, with their newest texts.
 */
import type { KeyEntry } from '../base/lease.ts';
import type { Nats } from './connect-nats.ts';
import { streamOfBucket } from './shared-key.ts';
import { newestOf } from './stored-message.ts';

export interface ListedKey extends KeyEntry {
  /** When it was written, in ms since 1970, by the clock of whoever led the stream. */
  readonly atMs: number;
}

/** By name, without `begin`. Rejects as the client does. */
export async function listKeys({ manager }: Nats, bucket: string, begin: string): Promise<Map<string, ListedKey>> {
  const subject = `$KV.${bucket}.${begin}`;
  const stream = streamOfBucket(bucket);
  const { state } = await manager.streams.info(stream, { subjects_filter: `${subject}>` });
  const keys = new Map<string, ListedKey>();
  for (const each of Object.keys(state.subjects ?? {})) {
    const found = await newestOf(manager, stream, each);
    // It may have been removed meanwhile.
    if (found === null) continue;
    keys.set(each.slice(subject.length), { text: found.string(), revision: found.seq, atMs: found.time.getTime() });
  }
  return keys;
}
