/**
 * Large filters behind short tokens (I7), with a table in memory: what is written when, what goes, and what is found
 * again.
 */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Filter } from '../../schemas/filter.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { createPageFilters, type PageFilterOptions } from '../../src/query/page-filters.ts';
import type { KeptState } from '../../src/query/page-token.ts';
import { silentLog } from '../../support/engine.ts';
import { filterOf } from './stored-rows.ts';

interface Kept {
  readonly hash: string;
  readonly filter: string;
}

/** The table `page_filters`, oldest row first, and what was asked of it. An insert waits for `gate`. */
function tableOf(rows: Kept[] = []) {
  const asked = { lookUps: 0, inserts: [] as Kept[][], looks: 0, commands: [] as string[] };
  const table = {
    rows,
    asked,
    gate: Promise.resolve() as Promise<unknown>,
    store: {
      async rows<Row>(sql: string, params: Record<string, unknown>) {
        return answer(sql, params) as Row[]; // the caller names the shape of its own statement
      },
      async insertValues(_table: string, values: readonly object[]) {
        asked.inserts.push(values as Kept[]); // of this table
        await table.gate;
        rows.push(...(values as Kept[]));
      },
      async command(sql: string, params: Record<string, unknown> = {}) {
        asked.commands.push(sql);
        if (sql.startsWith('DELETE')) rows.splice(0, Number(params.page_last));
      },
    },
  };
  function answer(sql: string, { page_filter, page_filters, page_bytes, page_rows }: Record<string, unknown>) {
    if (page_filter !== undefined) return rows.filter(({ hash }) => hash === page_filter);
    if (page_filters !== undefined) {
      asked.lookUps += 1;
      return rows.filter(({ hash }) => (page_filters as string[]).includes(hash));
    }
    asked.looks += 1;
    let [bytes, stay] = [0, 0];
    for (const { filter } of rows.toReversed()) {
      bytes += filter.length;
      if (bytes > Number(page_bytes) || stay === Number(page_rows)) break;
      stay += 1;
    }
    expect(sql).toContain('count() AS rows');
    return [{ rows: rows.length - stay, last: String(rows.length - stay) }];
  }
  return table;
}

function gateway(table: ReturnType<typeof tableOf>, options?: PageFilterOptions) {
  const counters = createCounters();
  return { counters, ...createPageFilters(table.store, { log: silentLog, counters }, options) };
}

function large(characters: number): Filter {
  const id = Array.from({ length: Math.ceil(characters / 40) }, () => randomUUID());
  return filterOf('2026-11-15T00:00:00Z', '2026-11-17T00:00:00Z', { id, order: 'ASC' });
}

/** Costs no time to make: one text of so many characters. */
function long(characters: number): Filter {
  const mark = randomUUID();
  const prefix = [mark + 'x'.repeat(characters - mark.length)];
  const event = { prefix, excludePrefix: [], name: [], excludeName: [] };
  return filterOf('2026-11-15T00:00:00Z', '2026-11-17T00:00:00Z', { event });
}

const nowhere = { limit: 1, total: 1, remaining: 1, checkpoint: 1, after: null };

async function keptOf(filters: Pick<ReturnType<typeof gateway>, 'hold'>, filter: Filter): Promise<KeptState> {
  const held = await filters.hold(filter);
  if (!('kept' in held)) throw new Error('the filter stands in the token');
  return { ...nowhere, kept: held.kept };
}

/** What runs without anybody waiting for it has run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test.each([2_000, 20_000])(
  'a filter of %d characters is found again, by another gateway too, as it was',
  async (size) => {
    const table = tableOf();
    const [one, other] = [gateway(table), gateway(table)];
    const filters = [large(size), large(size)];
    for (const filter of filters) {
      const state = await keptOf(one, filter);
      expect(await one.filterOf(state)).toEqual(filter);
      expect(await other.filterOf(state)).toEqual(filter);
    }
    expect(table.rows).toHaveLength(2);
    expect(one.counters.pageFiltersKept).toBe(2);
  },
);

test('a filter that is gone, or another in its place, is refused by name', async () => {
  const table = tableOf();
  const filters = gateway(table);
  const state = await keptOf(filters, large(2_000));
  const [row] = table.rows.splice(0);
  await expect(filters.filterOf(state)).rejects.toMatchObject({ failure: 'pageFilterGone' });
  table.rows.push({ hash: row!.hash, filter: '{}' });
  await expect(filters.filterOf(state)).rejects.toMatchObject({ failure: 'pageFilterGone' });
  expect(table.asked.commands).toEqual([]);
});

test('on a cluster a filter that is not there is looked for once more, when the replica has caught up', async () => {
  const filter = large(2_000);
  const [table, behind] = [tableOf(), tableOf()];
  const state = await keptOf(gateway(table), filter);
  const catchUp = async (sql: string) => {
    behind.asked.commands.push(sql);
    behind.rows.push(...table.rows);
  };
  const there = { ...behind, store: { ...behind.store, command: catchUp } };
  for (let round = 0; round < 2; round += 1) {
    expect(await gateway(there, { isReplicated: true }).filterOf(state)).toEqual(filter);
    expect(behind.asked.commands).toEqual(['SYSTEM SYNC REPLICA page_filters']);
  }
});

test('what comes while an insert runs waits for it, and goes together in the next', async () => {
  const table = tableOf();
  const filters = gateway(table);
  let open = (_: unknown): void => undefined;
  table.gate = new Promise((resolve) => {
    open = resolve;
  });
  const first = filters.hold(large(2_000));
  await settled();
  const others = [1, 2, 3].map(() => filters.hold(large(2_000)));
  await settled();
  expect(table.asked.inserts.map(({ length }) => length)).toEqual([1]);
  open(null);
  await Promise.all([first, ...others]);
  expect(table.asked.inserts.map(({ length }) => length)).toEqual([1, 3]);
  await filters.hold(large(2_000));
  expect(table.rows).toHaveLength(5);
});

test('an insert that has no more room leaves what comes to the next, which stays open until its turn', async () => {
  const table = tableOf();
  const filters = gateway(table);
  let open = (_: unknown): void => undefined;
  table.gate = new Promise((resolve) => {
    open = resolve;
  });
  const full = [long(9 * 1024 * 1024), long(2_000_000)].map((filter) => filters.hold(filter));
  await settled();
  const more = filters.hold(long(2_000_000));
  open(null);
  await Promise.all([...full, more]);
  expect(table.asked.inserts.map(({ length }) => length)).toEqual([1, 2]);
});

test('the same filter asked for by many at once counts once for the room of an insert', async () => {
  const table = tableOf();
  const filters = gateway(table);
  const filter = long(1_000_000);
  await Promise.all(Array.from({ length: 20 }, () => filters.hold(filter)));
  expect([table.asked.lookUps, table.asked.inserts.length, table.rows.length]).toEqual([1, 1, 1]);
});

test('an insert that fails is told to those who wait for it, and hinders no later one', async () => {
  const table = tableOf();
  const filters = gateway(table);
  table.gate = Promise.reject(new Error('no disk'));
  await expect(filters.hold(large(2_000))).rejects.toThrow('no disk');
  table.gate = Promise.resolve();
  await filters.hold(large(2_000));
  expect(table.rows).toHaveLength(1);
});

test('the bounds are looked after at a start, and each time that a sixteenth of them was written', async () => {
  const probe = tableOf();
  await gateway(probe).hold(long(20_000));
  const bytes = probe.rows[0]?.filter.length ?? 0;
  for (const [bounds, looks] of [
    [{ filtersMax: 1_000_000, bytesMax: 32 * bytes }, [1, 1, 2, 2, 3, 3, 4]],
    [{ filtersMax: 32, bytesMax: 2 ** 40 }, [1, 1, 2, 2, 3, 3, 4]],
    [{ filtersMax: 1_000_000, bytesMax: 2 ** 40 }, [1, 1, 1, 1, 1, 1, 1]],
  ] as const) {
    const table = tableOf();
    const filters = gateway(table, { bounds });
    const seen: number[] = [];
    for (let nth = 0; nth < looks.length; nth += 1) {
      await filters.hold(long(20_000));
      await settled();
      seen.push(table.asked.looks);
    }
    expect(seen).toEqual(looks);
  }
});

test('beyond the bound the oldest go, a sixteenth of it is free then, and what went is counted', async () => {
  const older = Array.from({ length: 40 }, (_, nth) => ({ hash: `${nth}`, filter: 'old' }));
  const table = tableOf([...older]);
  const filters = gateway(table, { bounds: { filtersMax: 32, bytesMax: 2 ** 40 } });
  const state = await keptOf(filters, large(2_000));
  await settled();
  expect(table.rows.slice(0, -1)).toEqual(older.slice(-29));
  expect(await filters.filterOf(state)).toBeDefined();
  expect(filters.counters.pageFiltersDropped).toBe(11);
});

test('within the bounds nothing is deleted: by default a hundred filters of 20 kB stay', async () => {
  const table = tableOf();
  const filters = gateway(table);
  for (let nth = 0; nth < 100; nth += 1) await filters.hold(long(20_000));
  await settled();
  expect(table.rows).toHaveLength(100);
  expect(table.asked.commands).toEqual([]);
  expect(filters.counters.pageFiltersDropped).toBe(0);
});
