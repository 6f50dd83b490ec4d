/** When the clients of a stopping server are to come back. */
import { expect, it } from 'vitest';
import { retryAfterMs } from '../../src/server/retry-spread.ts';

it.each([1, 10, 3_000, 18_000])('%i clients are spread evenly, and the last one is not away for long', (clients) => {
  const after = Array.from({ length: clients }, (_, nth) => retryAfterMs(nth, clients));
  expect(after[0]).toBe(500);
  expect(after).toEqual([...after].sort((a, b) => a - b));
  expect(after.at(-1)).toBeLessThan(4_500);
  // No tenth of the time gets more than its share.
  const tenth = (after.at(-1)! - 500 + 1) / 10;
  for (let part = 0; part < 10; part += 1) {
    const came = after.filter((ms) => Math.floor((ms - 500) / tenth) === part).length;
    expect(came).toBeLessThanOrEqual(Math.ceil(clients / 10) + 4);
  }
});
