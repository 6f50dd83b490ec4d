/**
 * What a database has of a replica, whatever has become of it since it was written: a backup may have the same events
 * under seqs of another epoch, where they were taken in again after an older one was restored.
 */
import type { LogReader } from '../event-log/log-reader.ts';
import { linesOf, splitRow } from '../event-log/row.ts';
import { type DecidingStore, keyOf, seqsByKey, settledOf } from '../table-writer/stored-of.ts';
import type { SeqRange } from '../table-writer/writer-state.ts';

/** Of a statement that looks for events. */
const rowsMax = 1_000;
const readBytes = 1024 * 1024;

type Rows = Pick<LogReader, 'epochOf' | 'read'>;

/** The seqs of these rows whose events are there, under this seq or another one. Rejects as the store does. */
export async function thereOf(
  store: DecidingStore,
  replica: Rows,
  { first, last }: SeqRange,
): Promise<ReadonlySet<number>> {
  const there = new Set(await settledOf(store, replica.epochOf(first), { first, last }));
  for (let from = first; from <= last && there.size <= last - first; ) {
    const chunk = replica.read(from, readBytes, last);
    if (chunk.count === 0) break;
    const missing = linesOf(chunk.rows)
      .map(splitRow)
      .filter(({ seq }) => !there.has(seq));
    for (let at = 0; at < missing.length; at += rowsMax) {
      const some = missing.slice(at, at + rowsMax);
      const found = await seqsByKey(store, some);
      for (const row of some) if (found.has(keyOf(row))) there.add(row.seq);
    }
    from = chunk.last + 1;
  }
  return there;
}
