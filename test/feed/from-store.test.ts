/**
 * Reads of the store go on after an outage (I9), end with what does not pass or what a ready store says again and again
 * (I4), and stop when nobody wants them any more.
 */
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Failure, type FailureName } from '../../src/base/errors.ts';
import { fromStore, type StoreGate } from '../../src/feed/from-store.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const store = { whenReady: async () => undefined };
const down = new Failure('storeUnavailable', 'ClickHouse does not answer');

it('reads again after a failure that passes, later each time, until there is an answer', async () => {
  let reads = 0;
  const answer = lastValueFrom(
    fromStore(store, new AbortController().signal, async () => {
      reads += 1;
      if (reads < 4) throw down;
      return 'rows';
    }),
  );
  await vi.advanceTimersByTimeAsync(750);
  expect(reads).toBe(3);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await answer).toBe('rows');
  expect(reads).toBe(4);
});

it('ends with any other failure, and with a fault', async () => {
  for (const error of [new Failure('badFilter', 'no'), new Error('a fault'), 'text']) {
    let reads = 0;
    const answer = lastValueFrom(
      fromStore(store, new AbortController().signal, async () => {
        reads += 1;
        throw error;
      }),
    );
    await expect(answer).rejects.toBe(error);
    expect(reads).toBe(1);
  }
});

it('reads no more once it is aborted', async () => {
  const ending = new AbortController();
  let reads = 0;
  const answer = lastValueFrom(
    fromStore(store, ending.signal, async () => {
      reads += 1;
      ending.abort();
      throw down;
    }),
  );
  const ended = expect(answer).rejects.toBe(down);
  await vi.advanceTimersByTimeAsync(10_000);
  await ended;
  expect(reads).toBe(1);
});

const never = new AbortController().signal;

/** Runs a read that fails so often, then gives a value; all time is let pass. */
async function readAfter(failures: readonly FailureName[], gate: StoreGate = store) {
  let reads = 0;
  const read = async (): Promise<string> => {
    const failure = failures[reads];
    reads += 1;
    if (failure !== undefined) throw new Failure(failure, failure);
    return 'read';
  };
  const outcome = firstValueFrom(fromStore(gate, never, read)).then(
    (value) => value,
    (error: unknown) => (error instanceof Failure ? error.failure : String(error)),
  );
  await vi.advanceTimersByTimeAsync(3_600_000);
  return { outcome: await outcome, reads };
}

const times = (count: number, failure: FailureName): FailureName[] => Array.from({ length: count }, () => failure);

it('a failure that passes is tried again', async () => {
  expect(await readAfter(times(7, 'storeUnavailable'))).toEqual({ outcome: 'read', reads: 8 });
});

it.each(['storeUnavailable', 'storeRefused', 'tooManyQueries'] as const)(
  'a store that is ready and says %s for ever ends it, by that name',
  async (failure) => {
    expect(await readAfter(times(100, failure))).toEqual({ outcome: failure, reads: 8 });
  },
);

it('a read that takes too long each time is tried three times', async () => {
  expect(await readAfter(times(100, 'queryTimedOut'))).toEqual({ outcome: 'queryTimedOut', reads: 3 });
});

it.each(['queryTooLarge', 'internal', 'badFilter'] as const)('%s does not pass: it is asked once', async (failure) => {
  expect(await readAfter([failure])).toEqual({ outcome: failure, reads: 1 });
});

it('a store that is away again and again is waited for as often as that', async () => {
  const away = { whenReady: () => new Promise<void>((resolve) => setTimeout(resolve, 60_000)) };
  expect(await readAfter(times(40, 'storeUnavailable'), away)).toEqual({ outcome: 'read', reads: 41 });
});
