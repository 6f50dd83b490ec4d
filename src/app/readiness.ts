/**
 * What `/api/ready` says: ready while intake is durable, whatever the store does (docs/design.md, "Health"); verbose
 * adds all that is observed: the store, the lag and the books.
 */
import type { StoreStatus } from '../clickhouse/store.ts';
import type { LogAdmin } from '../event-log/log-admin.ts';
import type { Intake } from '../ingest/intake.ts';
import type { Readiness } from '../server/parts.ts';
import type { Observation } from './observe.ts';

export interface ReadinessParts {
  readonly journal: Pick<LogAdmin, 'check'>;
  readonly intake: Pick<Intake, 'overflow'>;
  readonly store: StoreStatus;
  /** Sluice was asked to stop. */
  readonly isLeaving: boolean;
}

export function readiness({ journal, intake, store, isLeaving }: ReadinessParts, look: () => Observation): Readiness {
  // A disk that hangs fails no write: only what waits for it tells.
  const refusal = journal.check() ?? intake.overflow ?? (store.phase === 'refused' ? { message: store.reason } : null);
  const failure = isLeaving ? { message: 'Sluice is stopping.' } : refusal;
  return {
    ok: failure === null,
    reason: failure?.message ?? '',
    verbose: () => ({ ...look(), memory: process.memoryUsage(), processId: process.pid }),
  };
}
