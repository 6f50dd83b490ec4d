/** The pages in which a feed reads history: bounded in rows and in text (I5), and together the whole. */
import { expect, test } from 'vitest';
import { createHistoryReader, type HistoryPageMax } from '../../src/feed/history.ts';
import { defaultFilter } from '../../src/filter/validate-filter.ts';

const filter = defaultFilter({ now: new Date('2026-11-22T00:00:00Z'), openEnded: true });

const optionsOf = (pageMax: HistoryPageMax) => ({ pageMax, retentionDays: 7, elapsedMs: () => 0 });

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
  const { rows, next } = await createHistoryReader(store, optionsOf({ rows: 2000, characters: 3500 })).byOccurred(
    filter,
    { after: 0, checkpoint: 9 },
    null,
    new AbortController().signal,
  );
  expect(rows.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  expect(next).toEqual({ occurred: 'occurred4', id: 'id4' });
  expect(taken.batches).toBe(4);
});

test('what is retained is asked once in a minute, and again after a failure', async () => {
  let asked = 0;
  let clock = 0;
  async function* lines(): AsyncGenerator<string[]> {
    asked += 1;
    if (asked === 1) throw new Error('the store is down');
    yield [asked === 2 ? '0\t0\t2026-11-15 00:02:00.000000' : '5\t17\t2026-11-15 00:03:00.000000'];
  }
  const reader = createHistoryReader({ lines }, { ...optionsOf({ rows: 1, characters: 1 }), elapsedMs: () => clock });
  await expect(reader.retained()).rejects.toThrow('down');
  const nothing = { seq: null, since: '2026-11-15 00:02:00.000000' };
  expect(await Promise.all([reader.retained(), reader.retained()])).toEqual([nothing, nothing]);
  clock = 60_000;
  expect(await reader.retained()).toEqual({ seq: 17, since: '2026-11-15 00:03:00.000000' });
  expect(asked).toBe(3);
});
