/**
 * What `/api/ready` says: ready while intake is durable, whatever the store does (DESIGN, Health); verbose adds the store,
 * the lag and the books.
 */
import type { StoreStatus } from './clickhouse/store.ts';
import type { FanOut } from './feed/fan-out.ts';
import type { Journal } from './journal/journal.ts';
import type { Counters } from './metrics.ts';
import type { ServerCounters } from './server/counters.ts';
import type { Readiness } from './server/parts.ts';

export interface ReadinessParts {
  readonly journal: Journal;
  readonly live: { readonly mark: number };
  readonly store: StoreStatus;
  readonly fanOut: FanOut;
  readonly counters: Counters;
  readonly serverCounters: ServerCounters;
}

export function readiness(parts: ReadinessParts): Readiness {
  const { journal, live, store, fanOut, counters, serverCounters } = parts;
  const failure = journal.failed ?? (store.phase === 'refused' ? { message: store.reason } : null);
  return {
    ok: failure === null,
    reason: failure?.message ?? '',
    verbose: {
      store,
      epoch: journal.epoch,
      head: journal.head,
      mark: live.mark,
      checkpoint: journal.checkpoint,
      pending: journal.head - journal.checkpoint,
      topics: fanOut.topicCount,
      liveSubscribers: fanOut.memberCount,
      books: counters,
      edge: serverCounters,
      memory: process.memoryUsage(),
      processId: process.pid,
    },
  };
}
