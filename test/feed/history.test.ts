/** The pages in which a feed reads history: bounded in rows and in text (I5), and together the whole. */
import { expect, test } from 'vitest';
import { createHistoryReader } from '../../src/feed/history.ts';
import { defaultFilter } from '../../src/filter/validate-filter.ts';

const filter = defaultFilter({ now: new Date('2026-11-22T00:00:00Z'), openEnded: true });

/** A store whose answer goes on for ever, and how many of its batches were taken. */
function endless(characters: number) {
  const taken = { batches: 0 };
  async function* lines(): AsyncGenerator<string[]> {
    for (let seq = 1; ; seq += 1) {
      taken.batches += 1;
      yield [`${seq}\tid${seq}\toccurred${seq}\t${'x'.repeat(characters)}`];
    }
  }
  return { taken, store: { lines } };
}

test('a page of long events ends before its rows are full, and the next begins behind it', async () => {
  const { taken, store } = endless(1000);
  const { rows, next } = await createHistoryReader(store, { rows: 2000, characters: 3500 }).byOccurred(
    filter,
    9,
    null,
    new AbortController().signal,
  );
  expect(rows.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  expect(next).toEqual({ occurred: 'occurred4', id: 'id4' });
  expect(taken.batches).toBe(4);
});

test('a page by seq that was cut is not complete', async () => {
  const { store } = endless(1000);
  const reader = createHistoryReader(store, { rows: 2000, characters: 1500 });
  const { rows, complete } = await reader.bySeq(filter, 0, 9, new AbortController().signal);
  expect([rows.length, complete]).toEqual([2, false]);
});
