/**
 * What all gateways say of themselves to the database: they are one owner.
 */
import type { JournalFacts } from '../clickhouse/ownership.ts';
import type { LogReader } from '../event-log/log-reader.ts';
import { sentUpTo, type WriterState } from '../table-writer/writer-state.ts';

/** `state`: the table writer's, as the key was seen last. */
export function factsOfGateways(
  { epoch, firstSeq, checkpoint, head }: Pick<LogReader, 'epoch' | 'firstSeq' | 'checkpoint' | 'head'>,
  state: WriterState | null,
): JournalFacts {
  const everInserted = state?.everInserted ?? false;
  const sent = sentUpTo({ checkpoint, range: state?.range ?? null });
  return { owner: epoch, epoch, firstSeq, checkpoint, head, sentUpTo: sent, everInserted, isShared: true };
}
