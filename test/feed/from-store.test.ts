/** Reads of the store go on after an outage (I9), end with what does not pass, and stop when nobody wants them any more. */
import { lastValueFrom } from 'rxjs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Failure } from '../../src/errors.ts';
import { fromStore } from '../../src/feed/from-store.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const store = { whenReady: async () => undefined };
const down = new Failure('storeUnavailable', 'ClickHouse does not answer');

it('reads again after a failure that passes, four times a second, until there is an answer', async () => {
  let reads = 0;
  const answer = lastValueFrom(
    fromStore(store, new AbortController().signal, async () => {
      reads += 1;
      if (reads < 4) throw down;
      return 'rows';
    }),
  );
  await vi.advanceTimersByTimeAsync(500);
  expect(reads).toBe(3);
  await vi.advanceTimersByTimeAsync(250);
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
