/**
 * When the table writer sends, and that a stopped one sends nothing more: by plain example, on a clock that the test
 * moves.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createLog } from '../../src/base/log.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { openDeadLetter } from '../../src/table-writer/dead-letter.ts';
import { openWriterState } from '../../src/table-writer/open-writer-state.ts';
import { startTableWriter } from '../../src/table-writer/table-writer.ts';
import { writerStateFile } from '../../src/table-writer/writer-state-file.ts';
import { FakeTable, fakeJournal } from './fake-table.ts';

let dataDir = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sluice-writer-'));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(dataDir, { recursive: true });
});

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

async function start(table: FakeTable, mark: number, rowsMax: number) {
  const live = { mark };
  let trims = 0;
  const journal = Object.assign(fakeJournal(1_000, 0, 1_000), {
    trimLater() {
      trims += 1;
    },
  });
  const counters = createCounters();
  const stateStore = writerStateFile(dataDir, false);
  const deadLetter = openDeadLetter(dataDir);
  const writer = startTableWriter({
    ...{ journal, live, store: table, settledOf: table.settledOf, keepIds: () => undefined, counters },
    ...{ stateStore, deadLetter, state: await openWriterState(stateStore, journal, deadLetter) },
    options: { rowsMax, bytesMax: 1_000_000, flushMs: 500 },
    log: createLog('silent'),
  });
  const take = (rows: number): void => {
    live.mark += rows;
    writer.wake();
  };
  return { writer, take, counters, trims: () => trims };
}

it('collects for the flush time, twice as long behind a batch of a fifth of the most, and not at all for a full one', async () => {
  const startedMs = performance.now();
  const table = new FakeTable([], []);
  const { writer, take, counters, trims } = await start(table, 0, 20);
  const isSentAfter = async (ms: number): Promise<number> => {
    const before = table.inserts;
    vi.advanceTimersByTime(ms - 1);
    await turns();
    expect([ms, table.inserts]).toEqual([ms, before]);
    vi.advanceTimersByTime(1);
    await turns();
    return table.inserts - before;
  };
  take(3);
  expect(await isSentAfter(500)).toBe(1);
  take(4);
  // The batch before was smaller.
  expect(await isSentAfter(500)).toBe(1);
  take(1);
  expect(await isSentAfter(1_000)).toBe(1);
  take(20);
  await turns();
  expect(table.inserts).toBe(4);
  expect([counters.inserted, counters.batches, counters.insertFailures]).toEqual([28, 4, 0]);
  // Seconds of four inserts.
  const { count, sumSeconds } = counters.inserts.reading;
  expect(count).toBe(4);
  expect(sumSeconds).toBeGreaterThan(0);
  expect(sumSeconds).toBeLessThanOrEqual((performance.now() - startedMs) / 1000);
  // What is in ClickHouse may go from the journal.
  expect(trims()).toBe(4);
  expect(writer.book).toMatchObject({ last: 28, stored: 28, deadLettered: 0 });
  await writer.stop(0);
});

it('sends nothing more once it is stopped, and writes no state, whatever it was about to do', async () => {
  const range = { first: 1, last: 5 };
  for (const isAnnounced of [false, true]) {
    const file = writerStateFile(dataDir, false);
    const state = { version: 2, epoch: 'e', checkpoint: 0, everInserted: true, books: [], replayed: [] } as const;
    await file.save({ ...state, range: isAnnounced ? range : null });
    const table = new FakeTable([], []);
    const { writer, take } = await start(table, 5, 5);
    const stopped = writer.stop(0);
    take(5);
    await turns();
    vi.advanceTimersByTime(10_000);
    await turns();
    await stopped;
    expect([table.inserts, (await file.load())?.range]).toEqual([0, isAnnounced ? range : null]);
    expect(writer.phase).toBe('stopped');
  }
});

/** Five rows are being inserted, and the table answers when it is told to. */
async function startInserting() {
  let answer: () => void = () => undefined;
  const table = new FakeTable([], []);
  const insert = table.insertRows.bind(table);
  table.insertRows = async (body, token) => {
    await new Promise<void>((resolve) => {
      answer = resolve;
    });
    await insert(body, token);
  };
  const { writer } = await start(table, 5, 5);
  await turns();
  const stop = (graceMs: number) => {
    const seen = { isStopped: false };
    void writer.stop(graceMs).then(() => {
      seen.isStopped = true;
    });
    return seen;
  };
  return { table, stop, answer: () => answer() };
}

it('waits for the insert under way when it is stopped, and no longer than for that', async () => {
  const { table, stop, answer } = await startInserting();
  // From here on the database must know the log, whatever becomes of this insert.
  expect(await writerStateFile(dataDir, false).load()).toMatchObject({
    checkpoint: 0,
    range: { first: 1, last: 5 },
    everInserted: true,
  });
  const timersBefore = vi.getTimerCount();
  const seen = stop(1_000);
  vi.advanceTimersByTime(999);
  await turns();
  expect(seen.isStopped).toBe(false);
  answer();
  await turns();
  expect(seen.isStopped).toBe(true);
  // Nothing is left that would hold up the process until the grace is over.
  expect(vi.getTimerCount()).toBe(timersBefore);
  expect(table.rows).toEqual([2, 4, 1, 3, 5]);
  expect(await writerStateFile(dataDir, false).load()).toMatchObject({ checkpoint: 5, range: null });
});

it('gives up an insert that does not end within the grace of a stop, and its range stays announced', async () => {
  const { stop } = await startInserting();
  const seen = stop(1_000);
  vi.advanceTimersByTime(999);
  await turns();
  expect(seen.isStopped).toBe(false);
  vi.advanceTimersByTime(1);
  await turns();
  expect(seen.isStopped).toBe(true);
  expect(await writerStateFile(dataDir, false).load()).toMatchObject({ checkpoint: 0, range: { first: 1, last: 5 } });
});

it('waits for the store before it sends; a stop ends the wait, which is no failure', async () => {
  for (const isStopped of [false, true]) {
    rmSync(dataDir, { recursive: true });
    mkdirSync(dataDir);
    let ready: () => void = () => undefined;
    const table = new FakeTable([], []);
    table.whenReady = (signal?: AbortSignal) =>
      new Promise((resolve, reject) => {
        ready = resolve;
        signal?.addEventListener('abort', () => reject(signal.reason));
      });
    const { writer, counters } = await start(table, 5, 5);
    await turns();
    expect(table.inserts).toBe(0);
    if (isStopped) await writer.stop(1_000);
    else {
      ready();
      await turns();
      await writer.stop(1_000);
    }
    await turns();
    expect([table.inserts, counters.insertFailures]).toEqual([isStopped ? 0 : 1, 0]);
  }
});
