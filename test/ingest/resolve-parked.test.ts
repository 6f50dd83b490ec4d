/**
 * How parked events are settled (I11): each leaves its mark in the log, and a stop waits for no answer and no pause.
 */
import { expect, it } from 'vitest';
import { createLog } from '../../src/base/log.ts';
import { createCounters } from '../../src/base/metrics.ts';
import type { Store } from '../../src/clickhouse/store.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import { createIntake } from '../../src/ingest/accept.ts';
import { LiveBus } from '../../src/ingest/live-bus.ts';
import { ParkedEvents } from '../../src/ingest/parked-events.ts';
import { startParkedResolver } from '../../src/ingest/resolve-parked.ts';
import { MemoryLog } from '../../support/memory-log.ts';
import { onOneServer } from '../../support/one-server.ts';
import { FakeStore } from './fake-store.ts';

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** Two events wait to be looked up; the store is asked once `isUp`. */
async function open(isUp = Promise.resolve()) {
  const forgotten = new ForgottenIds();
  forgotten.forget(Date.parse('2026-11-20T00:00:00Z') / 1000, 0);
  const journal = new MemoryLog();
  const window = new IdWindow({ idsMax: 100, checkpoint: () => 0, forgotten });
  const parked = new ParkedEvents({ eventsMax: 100, bytesMax: 1_000_000 });
  const [log, counters] = [createLog('silent'), createCounters()];
  const asked: string[][] = [];
  const store = new FakeStore();
  const question: Pick<Store, 'rows' | 'whenReady' | 'command' | 'layout'> = {
    ...onOneServer,
    whenReady: () => isUp,
    rows(sql, params) {
      asked.push((params as { ids: string[] }).ids); // as the resolver asks
      return store.rows(sql, params ?? {});
    },
  };
  const intake = createIntake({
    ...{ journal, window, parked, log, counters, live: new LiveBus(0) },
    ...{ now: () => Date.parse('2026-11-22T10:00:00Z'), elapsedMs: () => 0, gate: () => null },
  });
  for (const number of [1, 2]) {
    const id = `00000000-0000-4000-8000-00000000000${number}`;
    const resource = { 'prefect.resource.id': 'r' };
    const event = { occurred: '2026-11-19T09:00:00Z', event: 'e', resource, id };
    expect(intake.acceptMessage(Buffer.from(JSON.stringify(event)), false).kind).toBe('parked');
  }
  await turns();
  let pauses = 0;
  const pause = async (): Promise<void> => {
    pauses += 1;
  };
  const unparking = { gate: Promise.resolve(), ended: 0 };
  const unpark: typeof intake.unpark = async (...words) => {
    await unparking.gate;
    await intake.unpark(...words);
    unparking.ended += 1;
  };
  const resolver = startParkedResolver({ parked, window, unpark, store: question, pause, log });
  await turns();
  return { journal, window, parked, store, asked, resolver, unparking, counters, pauses: () => pauses };
}

it('is settled in the log, the event that ClickHouse has and the one that it has not: no start asks again', async () => {
  const { journal, parked, store, resolver, counters } = await open();
  const [repeat, fresh] = journal.open;
  store.rows_.push({ ...repeat! });
  store.answer(true);
  await turns();
  expect([journal.open, parked.size, journal.committedRows.map(({ id }) => id)]).toEqual([[], 0, [fresh!.id]]);
  expect(counters).toMatchObject({ parked: 2, parkedAppended: 1, parkedDeduped: 1 });
  await resolver.stop();
});

it('waits where ClickHouse does not answer, and is asked about again after a pause', async () => {
  const { journal, store, resolver, pauses } = await open();
  store.fail();
  await turns();
  expect([pauses(), journal.open.length]).toEqual([1, 2]);
  // Half as many at a time.
  store.answer(true);
  await turns();
  store.answer(true);
  await turns();
  expect([pauses(), journal.open.length, journal.head]).toEqual([1, 0, 2]);
  await resolver.stop();
});

it('waits on when the question ends because of a stop: no failure, and no pause', async () => {
  const { journal, store, resolver, pauses } = await open();
  const stopped = resolver.stop();
  store.fail();
  await stopped;
  expect([pauses(), journal.open.length, journal.head]).toEqual([0, 2, 0]);
});

it('is not asked about once the window knows it: the answer would lack what leaves the window meanwhile', async () => {
  let up: () => void = () => undefined;
  const isUp = new Promise<void>((resolve) => {
    up = resolve;
  });
  const { journal, window, parked, store, asked, resolver, counters } = await open(isUp);
  const [known, other] = journal.open;
  // While the store is waited for, somebody sends the first one with a time that the window can speak for.
  window.add(known!.id, 0, 0, 0);
  up();
  await turns();
  expect(asked).toEqual([[other!.id]]);
  store.answer(true);
  await turns();
  expect([journal.open, parked.size, journal.committedRows.map(({ id }) => id)]).toEqual([[], 0, [other!.id]]);
  expect(counters).toMatchObject({ parkedAppended: 1, parkedDeduped: 1 });
  await resolver.stop();
});

it('lets a step that has its answer end before the stop does: nobody appends to a log that is closed', async () => {
  const { journal, store, resolver, unparking } = await open();
  let go: () => void = () => undefined;
  unparking.gate = new Promise((resolve) => {
    go = resolve;
  });
  store.answer(true);
  await turns();
  let isStopped = false;
  const stopped = resolver.stop().then(() => {
    isStopped = true;
  });
  await turns();
  expect([isStopped, unparking.ended]).toEqual([false, 0]);
  go();
  await stopped;
  expect([unparking.ended, journal.open]).toEqual([1, []]);
});
