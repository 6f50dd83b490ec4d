/**
 * One batch on its way to ClickHouse: what ClickHouse does not have of it, under the token of the range as it was first
 * sent, also where the log has lost its end since (I8).
 */
import { failPoint } from '../base/fail-point.ts';
import type { Counters } from '../base/metrics.ts';
import type { Store } from '../clickhouse/store.ts';
import type { LogChunk, LogReader } from '../event-log/log-reader.ts';
import { withoutSeqs } from '../event-log/row.ts';
import type { Ledger } from './ledger.ts';
import type { SeqRange } from './writer-state.ts';

export interface SendParts {
  readonly journal: Pick<LogReader, 'epochOf'>;
  readonly store: Pick<Store, 'insertRows'>;
  /** The seqs of a range that ClickHouse has already (stored-of.ts). */
  readonly settledOf: (epoch: string, range: SeqRange) => Promise<ReadonlySet<number>>;
  /**
   * Whether ClickHouse drops what it has of a range that is sent again whole, so that nothing need be looked for: where
   * tables are replicated, and a look could miss what another replica has.
   */
  readonly trustsTokens?: () => boolean;
  readonly counters: Pick<Counters, 'inserts'>;
}

/** Resolves once ClickHouse has all rows of the chunk; rejects as the store does. */
export function createSendBatch(parts: SendParts, ledger: Ledger): (chunk: LogChunk) => Promise<void> {
  /** The end of what an earlier process announced, and maybe sent. */
  const announcedBefore = ledger.state.range?.last ?? 0;

  return async (chunk) => {
    const { range, maybeStoredUpTo = 0 } = ledger.state;
    const { first, last } = range ?? chunk;
    const epoch = parts.journal.epochOf(first);
    const isDoubted = chunk.first <= maybeStoredUpTo;
    const isLookedFor = isDoubted || (chunk.first <= announcedBefore && parts.trustsTokens?.() !== true);
    const stored = isLookedFor ? await parts.settledOf(epoch, chunk) : null;
    if (stored?.size === chunk.count) return;
    const isPartly = stored !== null && stored.size > 0;
    const token = `${epoch}:${first}-${last}${isPartly ? `:without-${stored.size}` : ''}`;
    const startedMs = performance.now();
    try {
      await parts.store.insertRows(isPartly ? withoutSeqs(chunk.rows, stored) : chunk.rows, token);
    } finally {
      parts.counters.inserts.observe((performance.now() - startedMs) / 1000);
    }
    failPoint('insert-taken');
  };
}
