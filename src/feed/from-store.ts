/**
 * Reads of the store that outlast its outages: a feed in `backfilling` waits until ClickHouse answers and then goes on (I9).
 */
import { defer, type Observable, retry, throwError, timer } from 'rxjs';
import { Failure, failures } from '../errors.ts';

export interface StoreGate {
  /** Resolves once the store is ready and the checkpoint is certain; rejects when the signal aborts. */
  whenReady(signal?: AbortSignal): Promise<void>;
}

const retryMs = 250;

/** Runs the read when the store is ready, again after each failure that passes; errors with any other. */
export function fromStore<Value>(store: StoreGate, signal: AbortSignal, read: () => Promise<Value>): Observable<Value> {
  return defer(async () => {
    await store.whenReady(signal);
    return read();
  }).pipe(
    retry({ delay: (error: unknown) => (!signal.aborted && passes(error) ? timer(retryMs) : throwError(() => error)) }),
  );
}

function passes(error: unknown): boolean {
  return error instanceof Failure && 'retryAfterSeconds' in failures[error.failure];
}
