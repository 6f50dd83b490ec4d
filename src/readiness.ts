/**
 * What `/api/ready` says: ready while intake is durable, whatever the store does (DESIGN, Health); verbose adds all that is
 * observed: the store, the lag and the books.
 */
import type { StoreStatus } from './clickhouse/store.ts';
import type { Journal } from './journal/journal.ts';
import type { Observation } from './observe.ts';
import type { Readiness } from './server/parts.ts';

export function readiness(journal: Pick<Journal, 'check'>, store: StoreStatus, look: () => Observation): Readiness {
  const failure = journal.check() ?? (store.phase === 'refused' ? { message: store.reason } : null);
  return {
    ok: failure === null,
    reason: failure?.message ?? '',
    verbose: () => ({ ...look(), memory: process.memoryUsage(), processId: process.pid }),
  };
}
