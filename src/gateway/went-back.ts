/**
 * A key of the table writer that went back does not know what was sent: ClickHouse shows it.
 */
import { decidingRead, replicasCaughtUp } from '../clickhouse/deciding-reads.ts';
import type { Store } from '../clickhouse/store.ts';
import type { LogReader } from '../event-log/log-reader.ts';
import { sentUpTo, type WriterState } from '../table-writer/writer-state.ts';

export interface WentBackParts {
  readonly store: Pick<Store, 'rows' | 'command' | 'layout'>;
  readonly replica: Pick<LogReader, 'firstSeq'>;
}

/** Null for one that did not. Rejects as the store does. */
export async function whyWentBack({ store, replica }: WentBackParts, state: WriterState): Promise<string | null> {
  await replicasCaughtUp(store);
  const [found] = await store.rows<{ newest: number }>(
    'SELECT max(seq) AS newest FROM events WHERE seq >= {firstSeq:UInt64}',
    { firstSeq: replica.firstSeq },
    { settings: decidingRead },
  );
  const newest = found?.newest ?? 0;
  const sent = sentUpTo(state);
  if (newest <= sent) return null;
  return (
    `ClickHouse has events up to seq ${newest}, and by the key of the table writer none above ${sent} was ` +
    'sent: what NATS keeps went back.'
  );
}
