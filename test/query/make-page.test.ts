/** What a page says of itself: its events as they are, and whether anything remains (I7). */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openKeys } from '../../src/base/keys.ts';
import { makePage, type PageRow, pagePieces } from '../../src/query/make-page.ts';
import { openToken } from '../../src/query/page-token.ts';
import { filterOf } from './stored-rows.ts';

const keys = openKeys('.', 'a secret for these tests');
const filter = filterOf('2026-11-16T00:00:00Z', '2026-11-17T00:00:00Z');
const rowOf = (nth: number): PageRow => ({
  place: `2026-11-16 00:00:00.00000${nth}`,
  place_id: `01234567-89ab-cdef-0123-45678900000${nth}`,
  raw: `{"nth":${nth}}`,
});
const rows = (count: number): PageRow[] => Array.from({ length: count }, (_, nth) => rowOf(nth));
const stateOf = (limit: number, remaining: number) => ({
  ...{ filter, limit, remaining, total: 9, checkpoint: 77, after: null },
});

test('law: a next page comes exactly where a whole page came and some are left, and begins behind it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.nat(9), fc.nat(5), async (limit, remaining, came) => {
      const given = rows(Math.min(limit, remaining, came));
      const page = await makePage({ keys, seal: '' }, stateOf(limit, remaining), given, () => ({ filter }));
      expect([page.events, page.total]).toEqual([given.map(({ raw }) => raw), 9]);
      const left = remaining - given.length;
      expect(page.token !== null).toBe(given.length === limit && left > 0);
      if (page.token === null) return;
      const after = { occurred: given.at(-1)?.place, id: given.at(-1)?.place_id };
      expect(openToken(keys, '', page.token)).toEqual({ ...stateOf(limit, left), after });
    }),
  );
});

test('a filter is held for a next page only', async () => {
  let held = 0;
  const hold = () => {
    held += 1;
    return { filter };
  };
  await makePage({ keys, seal: '' }, stateOf(3, 3), rows(3), hold);
  expect(held).toBe(0);
  await makePage({ keys, seal: '' }, stateOf(3, 4), rows(3), hold);
  expect(held).toBe(1);
});

test.each([0, 1, 2, 3])('the answer is JSON, with each of %d events as it is', (count) => {
  const events = rows(count).map(({ raw }) => raw);
  for (const next of [null, 'http://host/"next"']) {
    const text = pagePieces({ events, total: 9, token: null }, next).join('');
    expect(JSON.parse(text)).toEqual({ events: events.map((raw) => JSON.parse(raw)), total: 9, next_page: next });
    expect(text).toContain(events.join(','));
  }
});
