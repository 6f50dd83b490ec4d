/** Pages without a store: how few statements they take, and when they end. */

import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { wholeScope } from '../../schemas/read-scope.ts';
import { Failure } from '../../src/base/errors.ts';
import { openKeys } from '../../src/base/keys.ts';
import { quickRead } from '../../src/clickhouse/statements.ts';
import type { QueryOptions, Store } from '../../src/clickhouse/store.ts';
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
      const isTotal = sql.includes(' AS total');
      // The total of distinct events stands with the places.
      const totals = total === 0 && sql.includes('GROUP BY') ? [] : [{ total }];
      const answer: unknown[] = isTotal ? totals : (answers.shift() ?? []);
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
  await readFirstPage(parts, { filter, limit: 3 }, wholeScope);
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
  const { token } = await readFirstPage(parts, { filter, limit: 3 }, wholeScope);
  asked.length = 0;
  const page = await readNextPage({ ...parts, checkpoint: () => 99 }, token ?? '', wholeScope);
  expect(page.total).toBe(9);
  expect(asked).toHaveLength(1);
  expect(asked[0]?.params).toMatchObject({ page_checkpoint: 77, page_after: row.place, page_after_id: row.place_id });
});

test('with distinct, one statement goes through the events for total and page; one reads named places', async () => {
  const distinct = { ...filter, resource: { ...filter.resource, distinct: true } };
  const { parts, asked } = partsWith(9, [1]);
  const page = await readFirstPage(parts, { filter: distinct, limit: 3 }, wholeScope);
  expect(page.total).toBe(9);
  expect(asked).toHaveLength(2);
  expect(asked[0]?.sql).toContain('GROUP BY resource_id');
  expect(asked[1]?.sql).not.toContain('GROUP BY');
  expect(asked[1]?.params.page_ids).toHaveLength(1);
});

const distinctOf = (order: 'ASC' | 'DESC') => ({ ...filter, order, resource: { ...filter.resource, distinct: true } });

test('with distinct, no second statement is asked where there is nothing to be read', async () => {
  for (const [total, limit, statements] of [
    [0, 3, 1],
    [9, 0, 1],
    [1, 1, 2],
  ] as const) {
    const { parts, asked } = partsWith(total, [1]);
    const page = await readFirstPage(parts, { filter: distinctOf('DESC'), limit }, wholeScope);
    expect([asked.length, page.total]).toEqual([statements, total]);
  }
});

test.each([
  ['DESC', '<', 'max'],
  ['ASC', '>', 'min'],
] as const)('%s: a further page is of what lies behind the last event, distinct or not', async (order, behind, end) => {
  for (const asksFor of [{ ...filter, order }, distinctOf(order)]) {
    const { parts, asked } = partsWith(9, [1, 1]);
    const { token } = await readFirstPage(parts, { filter: asksFor, limit: 1 }, wholeScope);
    const place = "({page_after:DateTime64(6, 'UTC')}, {page_after_id:UUID})";
    const keyset = asksFor.resource.distinct
      ? `WHERE place ${behind} ${place}`
      : `occurred ${behind}= {page_after:DateTime64(6, 'UTC')} AND (occurred, id) ${behind} ${place}`;
    for (const { sql } of asked) expect(sql).not.toContain('page_after');
    asked.length = 0;
    expect((await readNextPage(parts, token ?? '', wholeScope)).events).toEqual(['{}']);
    expect(asked[0]?.sql).toContain(keyset);
    expect(asked[0]?.params).toMatchObject({ page_after: row.place, page_after_id: row.place_id });
    expect(asked.at(-1)?.sql).toMatch(new RegExp(`ORDER BY occurred ${order}, id ${order}`));
    // The newest of a resource comes first where the newest do.
    if (asksFor.resource.distinct) expect(asked[0]?.sql).toContain(`${end}((occurred, id)) AS place`);
  }
});

test('limit 0 asks for no events', async () => {
  const { parts, asked } = partsWith(9, []);
  const { token } = await readFirstPage(parts, { filter, limit: 0 }, wholeScope);
  await readNextPage(parts, token ?? '', wholeScope);
  expect(asked).toHaveLength(1);
});

test('a page that retention left short is the last one', async () => {
  const { parts } = partsWith(9, [3, 2]);
  const { token } = await readFirstPage(parts, { filter, limit: 3 }, wholeScope);
  expect(await readNextPage(parts, token ?? '', wholeScope)).toEqual({ events: ['{}', '{}'], total: 9, token: null });
});

test('one id takes one statement; a window as wide as what is kept is no term of it', async () => {
  for (const [until, isTerm] of [
    ['2026-11-22T23:59:59.999999Z', true],
    ['2026-11-23T00:00:00Z', false],
  ] as const) {
    const { parts, asked } = partsWith(9, [1]);
    const one = { ...filterOf('2026-11-16T00:00:00Z', until), id: [row.place_id] };
    expect(await readFirstPage(parts, { filter: one, limit: 3 }, wholeScope)).toEqual({
      events: ['{}'],
      total: 1,
      token: null,
    });
    expect(asked).toHaveLength(1);
    expect(asked[0]?.sql).toMatch(/LIMIT 2$/);
    expect(asked[0]?.sql.includes('occurred >=')).toBe(isTerm);
  }
});

test('a few ids take one statement for page and total; many ids, or a limit of 0, are counted apart', async () => {
  const idsOf = (count: number) => ({ ...filter, id: Array.from({ length: count }, () => row.place_id) });
  for (const [ids, limit, statements] of [
    [2, 1, 1],
    [2, 3, 1],
    [100, 1, 1],
    [101, 1, 2],
    [1, 1, 1],
    [1, 0, 1],
    [2, 0, 1],
  ] as const) {
    const { parts, asked } = partsWith(9, [1, 1]);
    await readFirstPage(parts, { filter: idsOf(ids), limit }, wholeScope);
    expect(asked).toHaveLength(statements);
    expect(asked.some(({ sql }) => sql.includes('LIMIT'))).toBe(limit > 0);
  }
});

test('of a window alone the page waits for its slot as the total does: it is no guess that gives way', async () => {
  const { parts, asked } = partsWith(9, [3]);
  await readFirstPage(parts, { filter, limit: 3 }, wholeScope);
  expect(asked.map(({ options }) => options?.waitMs)).toEqual([undefined, undefined]);
  const filtered = partsWith(9, [3]);
  await readFirstPage(filtered.parts, { filter: named, limit: 3 }, wholeScope);
  expect(filtered.asked.map(({ options }) => options?.waitMs)).toEqual([undefined, 0]);
});

test('who leaves ends both statements, and leaves nothing at the signal; nor does who stays', async () => {
  for (const isLeaving of [true, false]) {
    const leaving = new AbortController();
    const { parts, asked } = partsWith(9, [3]);
    const rows = async <Row>(sql: string, params: Record<string, unknown>, options?: QueryOptions): Promise<Row[]> => {
      const answer = parts.store.rows<Row>(sql, params, options);
      if (isLeaving) leaving.abort(new Error('left'));
      options?.signal?.throwIfAborted();
      return answer;
    };
    const page = readFirstPage({ ...parts, store: { rows } }, { filter, limit: 3 }, wholeScope, leaving.signal);
    if (isLeaving) await expect(page).rejects.toThrow('left');
    else expect((await page).events).toHaveLength(3);
    expect(asked.map(({ options }) => options?.signal?.aborted)).toEqual([isLeaving, isLeaving]);
    expect(getEventListeners(leaving.signal, 'abort')).toEqual([]);
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
  const { events } = await readFirstPage(parts, { filter: named, limit: 3 }, wholeScope);
  expect([events.length, asked.length]).toEqual([Math.min(3, total), statements]);
});

test('where few fit, the total says where the others are likely to be; where many fit, all is asked', async () => {
  for (const [total, isPart] of [
    [100, true],
    [1000, false],
  ] as const) {
    const { parts, asked } = partsWith(total, [1, 3]);
    await readFirstPage(parts, { filter: named, limit: 3 }, wholeScope);
    // The first term of a window is where it begins.
    const [, guess, last] = asked.map(({ params }) => String(params.f0));
    const whole = '2026-11-16 00:00:00.000000';
    expect([guess! > whole, last! > whole, last! < guess!]).toEqual([true, isPart, true]);
  }
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
    const page = readFirstPage(parts, { filter: named, limit: 3 }, wholeScope);
    if (failure === 'tooManyQueries') expect((await page).events).toHaveLength(3);
    else await expect(page).rejects.toMatchObject({ failure });
    expect(ended?.aborted).toBe(failure !== 'tooManyQueries');
  }
});
