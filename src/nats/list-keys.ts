/**
 * The keys of a bucket (shared-key.ts) whose names begin alike, with their newest texts.
 */
import type { KeyEntry } from '../table-writer/writer-lease.ts';
import type { Nats } from './connect-nats.ts';

/** By name, without `begin`. Rejects as the client does. */
export async function listKeys({ manager }: Nats, bucket: string, begin: string): Promise<Map<string, KeyEntry>> {
  const subject = `$KV.${bucket}.${begin}`;
  const { state } = await manager.streams.info(`KV_${bucket}`, { subjects_filter: `${subject}>` });
  const keys = new Map<string, KeyEntry>();
  for (const each of Object.keys(state.subjects ?? {})) {
    const found = await manager.streams.getMessage(`KV_${bucket}`, { last_by_subj: each });
    if (found !== null) keys.set(each.slice(subject.length), { text: found.string(), revision: found.seq });
  }
  return keys;
}
