/** Pages without a store: how few statements they take, and when they end. */
import { expect, test } from 'vitest';
import { quickRead } from '../../src/clickhouse/statements.ts';
import type { QueryOptions, Store } from '../../src/clickhouse/store.ts';
import { Failure } from '../../src/errors.ts';
import { openKeys } from '../../src/keys.ts';
import type { PageFilters } from '../../src/query/page-filters.ts';
import { type PageParts, readFirstPage, readNextPage } from '../../src/query/read-page.ts';
import { filterOf } from './stored-rows.ts';

const filter = filterOf('2026-11-16T00:00:00Z', '2026-11-17T00:00:00Z');
const row = {
  place: '2026-11-16 00:00:00.000000',
  place_id: '01234567-89ab-cdef-0123-456789abcdef',
  raw: '{}',
  seq: 77,
};

interface Asked {
  readonly sql: string;
  readonly params: Record<string, unknown>;
  readonly options: QueryOptions | undefined;
}

/** A store that answers every total with `total` and every page with the next of `pages`. */
function partsWith(total: number, pages: number[]): { parts: PageParts; asked: Asked[] } {
  const asked: Asked[] = [];
  const answers = pages.map((length) => Array.from({ length }, () => row));
  const store: Pick<Store, 'rows'> = {
    async rows<Row>(sql: string, params: Record<string, unknown>, options?: QueryOptions) {
      asked.push({ sql, params, options });
      const answer: unknown[] = sql.includes(' AS total') ? [{ total }] : (answers.shift() ?? []);
      return answer as Row[]; // the caller names the shape of its own statement
    },
  };
  const filters: PageFilters = {
    hold: async (held) => ({ filter: held }),
    filterOf: async (opened) =>
      'filter' in opened ? opened.filter : expect.unreachable('small filters stand in the token'),
  };
  return { parts: { store, filters, keys: openKeys('.', 'a secret for these tests'), checkpoint: () => 77 }, asked };
}

test('a first page takes two statements, of one checkpoint; the total is of one snapshot', async () => {
  const { parts, asked } = partsWith(9, [3]);
  await readFirstPage(parts, { filter, limit: 3 });
  expect(asked).toHaveLength(2);
  expect(asked.map(({ params }) => params.page_checkpoint)).toEqual([77, 77]);
  // Of a window alone: what ClickHouse knows of whole parts counts it.
  expect(asked[0]?.options?.settings).toEqual({
    ...quickRead,
    enable_shared_storage_snapshot_in_query: 1,
    optimize_use_projections: 1,
  });
});

test('a further page takes one statement, with the checkpoint of the first', async () => {
  const { parts, asked } = partsWith(9, [3, 3]);
  const { token } = await readFirstPage(parts, { filter, limit: 3 });
  asked.length = 0;
  const page = await readNextPage({ ...parts, checkpoint: () => 99 }, token ?? '');
  expect(page.total).toBe(9);
  expect(asked).toHaveLength(1);
  expect(asked[0]?.params).toMatchObject({ page_checkpoint: 77, page_after: row.place, page_after_id: row.place_id });
});

test('with distinct, the events are gone through once for total and page: the second statement reads named places only', async () => {
  const distinct = { ...filter, resource: { ...filter.resource, distinct: true } };
  const { parts, asked } = partsWith(9, [1]);
  const page = await readFirstPage(parts, { filter: distinct, limit: 3 });
  expect(page.total).toBe(9);
  expect(asked).toHaveLength(2);
  expect(asked[0]?.sql).toContain('GROUP BY resource_id');
  expect(asked[1]?.sql).not.toContain('GROUP BY');
  expect(asked[1]?.params.page_ids).toHaveLength(1);
});

test('limit 0 asks for no events', async () => {
  const { parts, asked } = partsWith(9, []);
  const { token } = await readFirstPage(parts, { filter, limit: 0 });
  await readNextPage(parts, token ?? '');
  expect(asked).toHaveLength(1);
});

test('a page that retention left short is the last one', async () => {
  const { parts } = partsWith(9, [3, 2]);
  const { token } = await readFirstPage(parts, { filter, limit: 3 });
  expect(await readNextPage(parts, token ?? '')).toEqual({ events: ['{}', '{}'], total: 9, token: null });
});

test('one id takes one statement; a window as wide as what is kept is no term of it', async () => {
  for (const [until, isTerm] of [
    ['2026-11-22T23:59:59.999999Z', true],
    ['2026-11-23T00:00:00Z', false],
  ] as const) {
    const { parts, asked } = partsWith(9, [1]);
    const one = { ...filterOf('2026-11-16T00:00:00Z', until), id: [row.place_id] };
    expect(await readFirstPage(parts, { filter: one, limit: 3 })).toEqual({ events: ['{}'], total: 1, token: null });
    expect(asked).toHaveLength(1);
    expect(asked[0]?.sql).toMatch(/LIMIT 2$/);
    expect(asked[0]?.sql.includes('occurred >=')).toBe(isTerm);
  }
});

const named = { ...filter, event: { ...filter.event, name: ['a'] } };

test.each([
  ['the guess holds a whole page', 9, [3], 2],
  ['the guess holds all there are', 2, [2], 2],
  ['few fit, and the guess found less', 100, [1, 3], 3],
  ['many fit, and the newest of them are older than the guess', 1000, [0, 3], 3],
])('a filtered first page is looked for beside its total: %s', async (_, total, pages, statements) => {
  const { parts, asked } = partsWith(total, [...pages]);
  const { events } = await readFirstPage(parts, { filter: named, limit: 3 });
  expect([events.length, asked.length]).toEqual([Math.min(3, total), statements]);
});

test('where all slots are taken a filtered page waits for its total; another failure ends the total too', async () => {
  for (const failure of ['tooManyQueries', 'queryTooLarge'] as const) {
    let ended: AbortSignal | undefined;
    let guesses = 0;
    const rows = async (sql: string, _: object, options?: QueryOptions) => {
      if (sql.includes(' AS total')) {
        ended = options?.signal;
        return [{ total: 9 }];
      }
      guesses += 1;
      if (guesses === 1) throw new Failure(failure, 'no');
      return [row, row, row];
    };
    const parts = { ...partsWith(9, []).parts, store: { rows } as unknown as Pick<Store, 'rows'> };
    const page = readFirstPage(parts, { filter: named, limit: 3 });
    if (failure === 'tooManyQueries') expect((await page).events).toHaveLength(3);
    else await expect(page).rejects.toMatchObject({ failure });
    expect(ended?.aborted).toBe(failure !== 'tooManyQueries');
  }
});
