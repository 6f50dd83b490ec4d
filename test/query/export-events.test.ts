/** An export without a store: its place among others, its pages, and what it does when it cannot go on (I7). */
import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { wholeScope } from '../../schemas/read-scope.ts';
import { Failure } from '../../src/base/errors.ts';
import { openKeys } from '../../src/base/keys.ts';
import { type ExportParts, exportEvents } from '../../src/query/export-events.ts';
import type { PageFilters } from '../../src/query/page-filters.ts';
import { filterOf } from './stored-rows.ts';

const mebibyte = 1024 * 1024;
const filter = filterOf('2026-11-16T00:00:00Z', '2026-11-17T00:00:00Z');

/** Each page has rows of so many bytes, as many as may come; `failsAt` is the page that cannot be read. */
function partsOf(pages: number, rowBytes: number, failsAt = Number.POSITIVE_INFINITY) {
  const asked: { readonly rows: number; readonly bytes: number }[] = [];
  const slots = { taken: 0, released: 0 };
  const filters: PageFilters = {
    hold: async (held) => ({ filter: held }),
    filterOf: async (opened) => ('filter' in opened ? opened.filter : expect.unreachable('it stands in the token')),
  };
  const parts: ExportParts = {
    async readTexts([sent], range, from, max) {
      expect([sent.order, range]).toEqual(['ASC', { after: 0, checkpoint: 77 }]);
      const nth = asked.push(max);
      expect(from === null).toBe(nth === 1);
      if (nth === failsAt) throw new Failure('storeUnavailable', 'ClickHouse does not answer');
      const next = nth < pages ? { occurred: '2026-11-16 00:00:00.000000', id: String(nth) } : null;
      return { blocks: [Buffer.from(`{"page":${nth}}\n`)], rows: max.rows, bytes: max.rows * rowBytes, next };
    },
    slots: {
      async take() {
        slots.taken += 1;
        let isHeld = true;
        return () => {
          if (isHeld) slots.released += 1;
          isHeld = false;
        };
      },
    } as unknown as ExportParts['slots'], // only `take` is used
    keys: openKeys('', 'a secret of enough characters'),
    filters,
    checkpoint: () => 77,
    parsePlace: (occurred, id) => (occurred === '' ? null : { occurred, id }),
  };
  return { parts, asked, slots };
}

async function textOf(lines: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const piece of lines) text += Buffer.from(piece).toString();
  return text;
}

it('gives each event as a line, in pages of six megabytes, within bounds, and then its place back', async () => {
  for (const [rowBytes, rows] of [
    [1_024, 6_144],
    [10, 16_384],
    [mebibyte, 16],
  ] as const) {
    const { parts, asked, slots } = partsOf(3, rowBytes);
    const { lines } = await exportEvents(parts, { filter }, wholeScope, new AbortController().signal);
    expect(slots).toEqual({ taken: 1, released: 0 });
    expect(await textOf(lines)).toBe('{"page":1}\n{"page":2}\n{"page":3}\n');
    expect(asked.map((max) => max.rows)).toEqual([256, rows, rows]);
    expect(asked.every((max) => max.bytes === 8 * mebibyte)).toBe(true);
    expect(slots).toEqual({ taken: 1, released: 1 });
  }
});

it('fails with the store, at once or in the middle, and gives its place back', async () => {
  for (const failsAt of [1, 2, 3]) {
    const { parts, slots } = partsOf(3, 1_024, failsAt);
    const run = async () =>
      await textOf((await exportEvents(parts, { filter }, wholeScope, new AbortController().signal)).lines);
    await expect(run()).rejects.toMatchObject({ failure: 'storeUnavailable' });
    expect(slots).toEqual({ taken: 1, released: 1 });
  }
});

it('gives its place back when whoever asked leaves before the first line', async () => {
  const { parts, slots } = partsOf(3, 1_024);
  const leaving = new AbortController();
  await exportEvents(parts, { filter }, wholeScope, leaving.signal);
  leaving.abort();
  expect(slots).toEqual({ taken: 1, released: 1 });
});

it('goes on behind a place as of its first checkpoint, and refuses what is none', async () => {
  const { parts } = partsOf(1, 1_024);
  const { token } = await exportEvents(parts, { filter }, wholeScope, new AbortController().signal);
  const from: unknown[] = [];
  const later: ExportParts = {
    ...parts,
    checkpoint: () => 99,
    readTexts: async ([sent], range, place) => {
      from.push([sent.order, range.checkpoint, place]);
      return { blocks: [], rows: 0, bytes: 0, next: null };
    },
  };
  const after = { occurred: '2026-11-16 00:00:00.000000', id: 'x' };
  await textOf((await exportEvents(later, { token, after }, wholeScope, new AbortController().signal)).lines);
  expect(from).toEqual([['ASC', 77, after]]);
  const nowhere = exportEvents(
    later,
    { token, after: { occurred: '', id: '' } },
    wholeScope,
    new AbortController().signal,
  );
  await expect(nowhere).rejects.toMatchObject({ failure: 'badFilter' });
});

it('leaves nothing on the signal of who asked, whole or failed', async () => {
  for (const failsAt of [Number.POSITIVE_INFINITY, 2, 1]) {
    const { parts, slots } = partsOf(3, 1_024, failsAt);
    const { signal } = new AbortController();
    const whole = exportEvents(parts, { filter }, wholeScope, signal).then(({ lines }) => textOf(lines));
    if (failsAt <= 3) await expect(whole).rejects.toThrow(Failure);
    else expect(await whole).not.toBe('');
    expect([getEventListeners(signal, 'abort'), slots.released]).toEqual([[], 1]);
  }
});
