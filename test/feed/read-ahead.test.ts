/** I5: pages of history follow their reader: in size, one ahead at most, and what was written is given back. */
import { lastValueFrom, Observable, of } from 'rxjs';
import { expect, it } from 'vitest';
import { createPageBudget } from '../../src/feed/page-budget.ts';
import { readAhead } from '../../src/feed/read-ahead.ts';
import type { HistoryPage, HistoryPageMax } from '../../src/history/history.ts';
import type { Place } from '../../src/history/position.ts';

const mebibyte = 1024 * 1024;

interface Course {
  readonly pages: number;
  readonly rowBytes: number;
  /** Of the reader, in bytes a ms. */
  readonly speed: number;
  readonly spanMicros?: bigint | null;
  readonly shareBytesMax?: number;
}

/** Runs to the end, and gives what was asked for, page by page; each page has as many rows as it may. */
async function course({ pages, rowBytes, speed, spanMicros = null, shareBytesMax = 1_000 * mebibyte }: Course) {
  const asked: HistoryPageMax[] = [];
  let now = 5_000;
  let written = 0;
  let mostAhead = 0;
  const read = (_: Place | null, max: HistoryPageMax): Observable<HistoryPage> => {
    asked.push(max);
    mostAhead = Math.max(mostAhead, asked.length - written);
    const rows = Math.max(1, Math.min(max.rows, Math.floor(max.bytes / rowBytes)));
    const next = asked.length === pages ? null : { occurred: String(asked.length), id: '' };
    return of({ slices: [], rows, bytes: rows * rowBytes, next, spanMicros });
  };
  const write = (page: HistoryPage): Observable<never> =>
    new Observable((subscriber) => {
      now += page.bytes / speed;
      written += 1;
      subscriber.complete();
    });
  await lastValueFrom(readAhead({ read, write, elapsedMs: () => now, shareBytesMax }, null), { defaultValue: null });
  expect([asked.length, written]).toEqual([pages, pages]);
  expect(mostAhead).toBeLessThanOrEqual(2);
  return asked;
}

it('begins small and grows by four, to what a fast reader takes at the most', async () => {
  const asked = await course({ pages: 7, rowBytes: 1_024, speed: 1_000_000 });
  expect(asked.map(({ rows }) => rows)).toEqual([256, 1_024, 4_096, 6_144, 6_144, 6_144, 6_144]);
  expect(asked.map(({ bytes }) => bytes / mebibyte)).toEqual([1, 2, 8, 12, 12, 12, 12]);
  expect(asked.every(({ withinMicros }) => withinMicros === undefined)).toBe(true);
});

it('asks for what the reader takes in half a second, and for half a megabyte at the least', async () => {
  // 4 kB a ms: 2 MB in half a second. The second page is asked for before the first one is timed.
  const asked = await course({ pages: 6, rowBytes: 1_024, speed: 4_096 });
  expect(asked.slice(3).map(({ rows }) => rows)).toEqual([2_000, 2_000, 2_000]);
  const slow = await course({ pages: 6, rowBytes: 1_024, speed: 10 });
  expect(slow.slice(3).map(({ rows }) => rows)).toEqual([512, 512, 512]);
});

it('has rows within bounds, however short or long they are, and takes half of its share at the most', async () => {
  expect((await course({ pages: 5, rowBytes: 10, speed: 1_000_000 })).at(-1)?.rows).toBe(16_384);
  expect((await course({ pages: 5, rowBytes: mebibyte, speed: 1_000_000 })).at(-1)?.rows).toBe(16);
  const shared = await course({ pages: 5, rowBytes: 1_024, speed: 1_000_000, shareBytesMax: 2 * mebibyte });
  expect(shared.at(-1)).toMatchObject({ rows: 1_024, bytes: 2 * mebibyte });
});

it('looks four times as far as the rows of the last page lay, in proportion', async () => {
  const [, second] = await course({ pages: 2, rowBytes: 1_024, speed: 1_000_000, spanMicros: 1_000n });
  expect(second).toMatchObject({ rows: 1_024, withinMicros: (1_000n * 1_024n * 4n) / 256n });
});

it('a budget lets one ask for an eighth of it', () => {
  expect(createPageBudget(800).shareBytesMax).toBe(100);
});
