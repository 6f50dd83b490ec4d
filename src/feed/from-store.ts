/**
 * Reads of the store that outlast its outages: a feed in `backfilling` waits until ClickHouse answers and then goes on
 * (I9).
 */
import { defer, type Observable, retry, throwError, timer } from 'rxjs';
import { Failure, failures } from '../base/errors.ts';

export interface StoreGate {
  /** Resolves once the store is ready and the checkpoint is certain; rejects when the signal aborts. */
  whenReady(signal?: AbortSignal): Promise<void>;
}

const retryFirstMs = 250;
const retryMaxMs = 8_000;
/**
 * So often a store that is ready may fail a read before that is no passing thing any more; one that takes too long, for
 * it costs most.
 */
const triesMax = 8;
const lateTriesMax = 3;
/** A store that was not ready for so long was away, and what failed before says nothing. */
const awayMs = 50;

/**
 * Runs the read when the store is ready. While the store is away it waits, however long: the status of the store says
 * why. A failure that passes is tried again, later each time, within a limit; errors with any other, and with the last.
 */
export function fromStore<Value>(store: StoreGate, signal: AbortSignal, read: () => Promise<Value>): Observable<Value> {
  let failed = 0;
  return defer(async () => {
    const from = performance.now();
    await store.whenReady(signal);
    if (performance.now() - from >= awayMs) failed = 0;
    return read();
  }).pipe(
    retry({
      delay: (error: unknown) => {
        failed += 1;
        if (signal.aborted || failed >= triesOf(error)) return throwError(() => error);
        return timer(Math.min(retryMaxMs, retryFirstMs * 2 ** (failed - 1)));
      },
    }),
  );
}

/** How often a read that fails so is run; once where it does not pass. */
function triesOf(error: unknown): number {
  if (!(error instanceof Failure) || !('retryAfterSeconds' in failures[error.failure])) return 1;
  return error.failure === 'queryTimedOut' ? lateTriesMax : triesMax;
}
