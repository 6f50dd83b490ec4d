/**
 * What a start of the table writer makes of what its state says of before: a range under way, which ClickHouse or the
 * journal may have in part, and refused ranges that were not settled (I1, I8).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createLog } from '../../src/base/log.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { startTableWriter } from '../../src/table-writer/table-writer.ts';
import { writerStateFile } from '../../src/table-writer/writer-state-file.ts';
import { FakeTable, fakeJournal } from './fake-table.ts';
import { kept, until } from './writer-life.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('law: what an ended process put in of its range is not put in again, whichever rows those are, though the table has forgotten its tokens', async () => {
  const places = fc.array(fc.boolean(), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(places, fc.nat(3), async (isStored, behind) => {
      const dataDir = mkdtempSync(join(tmpdir(), 'sluice-writer-'));
      const last = isStored.length;
      const state = { version: 2, epoch: 'e', checkpoint: 0, everInserted: true, books: [], replayed: [] } as const;
      await writerStateFile(dataDir, false).save({ ...state, range: { first: 1, last } });
      const table = new FakeTable([], []);
      table.rows.push(...isStored.flatMap((is, at) => (is ? [1 + at] : [])));
      const head = last + behind;
      const journal = fakeJournal(head, 0, 40);
      const writer = startTableWriter({
        ...{ journal, live: { mark: head }, store: table, settledOf: table.settledOf },
        ...(await kept(dataDir, journal)),
        keepIds: () => undefined,
        options: { rowsMax: 10, bytesMax: 1_000_000, flushMs: 0 },
        counters: createCounters(),
        log: createLog('silent'),
      });
      await until(() => journal.checkpoint === head);
      await writer.stop(1_000);
      rmSync(dataDir, { recursive: true });
      expect(table.rows.toSorted((a, b) => a - b)).toEqual(Array.from({ length: head }, (_, at) => at + 1));
      expect(table.rowsSent).toBe(head - isStored.filter(Boolean).length);
    }),
    { numRuns: 60 },
  );
});

/** A start with a range under way, of which a look sees only some of what is there, as on a replica that lags. */
async function startOnLag(isStored: readonly boolean[], seen: number, trustsTokens: boolean, isDoubted = false) {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-writer-'));
  const last = isStored.length;
  const state = { version: 2, epoch: 'e', checkpoint: 0, everInserted: true, books: [], replayed: [] } as const;
  const doubt = isDoubted ? { maybeStoredUpTo: last } : {};
  await writerStateFile(dataDir, false).save({ ...state, ...doubt, range: { first: 1, last } });
  const table = new FakeTable([], []);
  // Each part was taken whole or not at all, under the token of the range.
  for (const parity of [0, 1]) {
    if (isStored[parity] !== true) continue;
    table.tokens.add(`e:1-${last}/${parity}`);
    for (let seq = 1; seq <= last; seq += 1) if (seq % 2 === parity) table.rows.push(seq);
  }
  const journal = fakeJournal(last, 0, 40);
  let looks = 0;
  const writer = startTableWriter({
    ...{ journal, live: { mark: last }, store: table, trustsTokens: () => trustsTokens },
    ...(await kept(dataDir, journal)),
    settledOf: async () => {
      looks += 1;
      return new Set(table.rows.slice(0, seen));
    },
    keepIds: () => undefined,
    options: { rowsMax: 10, bytesMax: 1_000_000, flushMs: 0 },
    counters: createCounters(),
    log: createLog('silent'),
  });
  await until(() => journal.checkpoint === last);
  await writer.stop(1_000);
  rmSync(dataDir, { recursive: true });
  return { rows: table.rows.toSorted((a, b) => a - b), whole: isStored.map((_, at) => at + 1), looks };
}

it('law: where replicas may lag, the whole range is sent again under its own token, and is there once, whatever a look would see', async () => {
  const places = fc.array(fc.boolean(), { minLength: 2, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(places, fc.nat(6), async (isStored, seen) => {
      const { rows, whole, looks } = await startOnLag(isStored, seen, true);
      expect(rows).toEqual(whole);
      expect(looks).toBe(0);
    }),
    { numRuns: 60 },
  );
});

it('by what a lagging replica has, a range would be there twice', async () => {
  const { rows, whole } = await startOnLag([true, true, true, true], 1, false);
  expect(rows.length).toBeGreaterThan(whole.length);
});

it('where the tokens may be no help, a look that sees all comes first, replicas or not', async () => {
  const { rows, whole, looks } = await startOnLag([true, false, true, true], 6, true, true);
  expect([rows, looks]).toEqual([whole, 1]);
});

it('is held up by no refused range that is settled: only by the narrowest of the others', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-writer-'));
  const file = writerStateFile(dataDir, false);
  const state = { version: 2, epoch: 'e', checkpoint: 5, range: null, everInserted: true, books: [] } as const;
  await file.save({ ...state, replayed: [], refusedEnds: [15, 8, 5] });
  const table = new FakeTable([], []);
  const journal = fakeJournal(20, 5, 40);
  const writer = startTableWriter({
    ...{ journal, live: { mark: 20 }, store: table, settledOf: table.settledOf },
    ...(await kept(dataDir, journal)),
    keepIds: () => undefined,
    options: { rowsMax: 10, bytesMax: 1_000_000, flushMs: 0 },
    counters: createCounters(),
    log: createLog('silent'),
  });
  await until(() => journal.checkpoint === 20);
  await writer.stop(1_000);
  const tokens = ['e:6-8', 'e:9-15', 'e:16-20'];
  expect([...table.tokens]).toEqual(tokens.flatMap((token) => [`${token}/0`, `${token}/1`]));
  expect((await file.load())?.refusedEnds).toBeUndefined();
  rmSync(dataDir, { recursive: true });
});

it('goes on where the journal has lost the range under way: the rest of it under its token, or none of it', async () => {
  for (const [head, rows, oldest] of [
    [5, [4, 5], 1],
    [3, [], 1],
    [3, [], 10],
  ] as const) {
    const dataDir = mkdtempSync(join(tmpdir(), 'sluice-writer-'));
    const file = writerStateFile(dataDir, false);
    const book = { epoch: 'e', first: 1, last: 3, since: '', stored: 3, deadLettered: 0 };
    const range = { first: 4, last: 9 };
    await file.save({
      version: 2,
      epoch: 'e',
      checkpoint: 3,
      range,
      everInserted: true,
      books: [book],
      replayed: [],
    });
    const table = new FakeTable([], []);
    const journal = Object.assign(fakeJournal(head, 3, 40), { oldest });
    const counters = createCounters();
    const writer = startTableWriter({
      journal,
      live: { mark: head },
      store: table,
      settledOf: table.settledOf,
      ...(await kept(dataDir, journal)),
      keepIds: () => undefined,
      options: { rowsMax: 10, bytesMax: 1_000_000, flushMs: 0 },
      counters,
      log: createLog('silent'),
    });
    await until(() => writer.phase === 'idle');
    await writer.stop(1_000);
    expect([table.rows, counters.insertFailures]).toEqual([rows, 0]);
    expect([...table.tokens]).toEqual(rows.length === 0 ? [] : ['e:4-9/0', 'e:4-9/1']);
    expect(await file.load()).toMatchObject({ checkpoint: head, range: null, books: [{ last: head, stored: head }] });
    rmSync(dataDir, { recursive: true });
  }
});
