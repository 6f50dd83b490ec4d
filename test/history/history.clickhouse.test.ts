/**
 * History from a real ClickHouse: wherever a page guesses its rows to end, all pages together are the whole, each row
 * once (I3).
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatTimeForClickHouse, timeOfDate } from '../../src/filter/time.ts';
import { createHistoryReader, type HistoryPage, type HistoryReader } from '../../src/history/history.ts';
import type { Place } from '../../src/history/position.ts';
import { startTestStore, type TestStore } from '../../support/engine.ts';
import { filterOf, insert, newest, type Sample, sample } from '../query/stored-rows.ts';

let engine: TestStore;
let history: HistoryReader;
/** In the order of history. */
let ids: string[];

const eventName = 'history.narrow';
const filter = filterOf('2026-11-01T00:00:00Z', '2026-11-30T00:00:00Z', {
  event: { prefix: [], excludePrefix: [], name: [eventName], excludeName: [] },
});
/** Bursts of the same time, a row each second, and days of silence. */
const secondsOf = [
  ...Array<number>(40).fill(0),
  ...Array.from({ length: 40 }, (_, at) => at),
  86_400,
  400_000,
  400_000,
];

beforeAll(async () => {
  engine = await startTestStore();
  history = createHistoryReader(engine.store, { retentionDays: 7, elapsedMs: () => 0 });
  const start = Date.parse('2026-11-16T00:00:00Z');
  const samples: Sample[] = secondsOf.map((seconds, at) => {
    const occurred = new Date(start + seconds * 1000).toISOString().replace('.000Z', 'Z');
    return sample(occurred, eventName, `h.${at}`, {});
  });
  await insert(engine.store, samples);
  const pages = await readAll([{ rows: 1000 }]);
  ids = idsOf(pages);
  expect(ids.toSorted()).toEqual(samples.map(({ id }) => id).toSorted());
});
afterAll(() => engine?.stop());

interface Size {
  readonly rows: number;
  readonly withinMicros?: bigint;
}

/** The sizes of the pages in turn, the last one for all that follow. */
async function readAll(sizes: readonly Size[]): Promise<HistoryPage[]> {
  const pages: HistoryPage[] = [];
  let from: Place | null = null;
  do {
    const size = sizes[Math.min(pages.length, sizes.length - 1)] ?? { rows: 1000 };
    const max = { bytes: 1_000_000, ...size };
    const range = { after: 0, checkpoint: newest() };
    const page = await history.byOccurred([filter], range, from, max, new AbortController().signal);
    pages.push(page);
    expect(page.rows).toBeLessThanOrEqual(size.rows);
    from = page.next;
  } while (from !== null);
  return pages;
}

function idsOf(pages: readonly HistoryPage[]): string[] {
  return pages.flatMap(({ slices }) => slices.flatMap((slice) => Array.from(slice, ({ id }) => id)));
}

test('a guess that is too short, too long or just right leaves nothing out and repeats nothing', async () => {
  const size = fc.record(
    {
      rows: fc.integer({ min: 1, max: 60 }),
      withinMicros: fc.oneof(fc.bigInt({ min: 0n, max: 3_000_000n }), fc.bigInt({ min: 0n, max: 10n ** 18n })),
    },
    { requiredKeys: ['rows'] },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(size, { minLength: 1, maxLength: 4 }), async (sizes) => {
      expect(idsOf(await readAll(sizes as Size[]))).toEqual(ids);
    }),
    { numRuns: 25, examples: [[[{ rows: 40 }, { rows: 41, withinMicros: 0n }, { rows: 1, withinMicros: 0n }]]] },
  );
});

test('a page says how long a span its rows cover, and nothing of the first one', async () => {
  const [first, second] = await readAll([{ rows: 41 }, { rows: 10 }]);
  expect([first?.spanMicros, second?.spanMicros]).toEqual([null, 10_000_000n]);
});

test('what is retained leaves out what expires while the answer holds: the next two minutes', async () => {
  const days = 3;
  const expiresInMs = (ms: number) => new Date(Date.now() - days * 86_400_000 + ms);
  for (const [seq, ms] of [
    [5, -60_000],
    [6, 60_000],
    [7, 110_000],
    [8, 180_000],
    [9, 3_600_000],
  ] as const) {
    const time = timeOfDate(expiresInMs(ms));
    await insert(engine.store, [{ ...sample(time, 'history.retained', 'r', {}), seq }], formatTimeForClickHouse(time));
  }
  const reader = createHistoryReader(engine.store, { retentionDays: days, elapsedMs: () => 0 });
  const { seq, since } = await reader.retained();
  expect(seq).toBe(8);
  const lead = Date.parse(`${since.replace(' ', 'T')}Z`) - expiresInMs(0).getTime();
  expect(lead).toBeGreaterThan(100_000);
  expect(lead).toBeLessThanOrEqual(120_000);
});
