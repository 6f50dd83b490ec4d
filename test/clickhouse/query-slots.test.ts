/** At most so many at once, first come first served, and no slot is ever lost. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { QuerySlots } from '../../src/clickhouse/query-slots.ts';

test('no slot is lost or doubled, for any order of taking, giving back, giving up', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3 }),
      fc.array(fc.constantFrom('take', 'give', 'giveTwice', 'abort'), { maxLength: 40 }),
      async (max, steps) => {
        const slots = new QuerySlots(max);
        const held: (() => void)[] = [];
        const aborts: AbortController[] = [];
        let given = 0;
        const takes: Promise<unknown>[] = [];
        for (const step of steps) {
          if (step === 'take') {
            const abort = new AbortController();
            aborts.push(abort);
            takes.push(
              slots.take(60_000, abort.signal).then(
                (release) => held.push(release),
                () => undefined,
              ),
            );
          } else if (step === 'abort') {
            aborts.pop()?.abort();
          } else {
            const release = held.shift();
            release?.();
            if (step === 'giveTwice') release?.();
            if (release !== undefined) given += 1;
          }
          await Promise.resolve();
          await Promise.resolve();
          expect(held.length).toBeLessThanOrEqual(max);
        }
        for (const abort of aborts) abort.abort();
        await Promise.all(takes);
        for (const release of held) release();
        const all = await Promise.all(Array.from({ length: max }, () => slots.take(0)));
        expect(all.length).toBe(max);
        await expect(slots.take(1)).rejects.toMatchObject({ failure: 'tooManyQueries' });
        expect(given).toBeGreaterThanOrEqual(0);
      },
    ),
    { numRuns: 100 },
  );
});

test('an aborted wait rejects with the reason', async () => {
  const slots = new QuerySlots(1);
  await slots.take(0);
  const abort = new AbortController();
  const reason = new Error('gone');
  const waiting = expect(slots.take(60_000, abort.signal)).rejects.toBe(reason);
  abort.abort(reason);
  await waiting;
  await expect(slots.take(60_000, abort.signal)).rejects.toBe(reason);
});
