/**
 * I9 and I11 on the real journal: what waits to be looked up holds its files, and with a spent budget, or a disk at its
 * reserve, these are given back by the look-up itself: intake goes on afterwards, by itself and over restarts.
 */
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/base/errors.ts';
import { createLog } from '../../src/base/log.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { wholeSeconds } from '../../src/filter/whole-seconds.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import { createIntake } from '../../src/ingest/accept.ts';
import { LiveBus } from '../../src/ingest/live-bus.ts';
import { ParkedEvents } from '../../src/ingest/parked-events.ts';
import { startParkedResolver } from '../../src/ingest/resolve-parked.ts';
import { oneServer, onOneServer } from '../../support/one-server.ts';
import { eventsOf } from '../../support/stored-events.ts';
import { clockStart, Disk, open, segmentFiles, withFolder } from '../journal/support.ts';

const log = createLog('silent');
const budgetBytesMax = 64 * 1024;
const reserveFreeBytes = 1_000_000;
const hourAgo = new Date(clockStart - 3_600_000).toISOString();

type Durability = 'process' | 'fsync';

/** A store that is down until `isUp`, and then has seen none of the parked events. */
class AbsentStore {
  readonly layout = oneServer;
  readonly command = onOneServer.command;
  isUp = false;
  whenReady(): Promise<void> {
    return this.isUp ? Promise.resolve() : Promise.reject(new Failure('storeUnavailable', 'Down'));
  }
  rows<Row>(): Promise<Row[]> {
    return Promise.resolve([]);
  }
}

/** The process, on what the last one left; the id window has let go of all that occurred up to a minute ago. */
function start(folder: string, durability: Durability, checkpoint: number | null = null) {
  const disk = new Disk();
  const options = { durability, budgetBytesMax, reserveFreeBytes, checkpoint };
  let nowMs = clockStart;
  // The disk's free space is looked at once a second.
  const journal = open(folder, options, disk, () => (nowMs += 2000));
  const forgotten = new ForgottenIds();
  forgotten.forget(clockStart / 1000 - 60, 0);
  const window = new IdWindow({ idsMax: 10_000, checkpoint: () => journal.checkpoint, forgotten });
  journal.scanIds((id, occurred, seq, received) => {
    window.add(id, seq, wholeSeconds(received), wholeSeconds(occurred));
  });
  const parked = new ParkedEvents({ eventsMax: 1000, bytesMax: 1_000_000 }, (from) => journal.holdParked(from));
  for (const row of journal.parked.takeRows()) parked.add(row);
  parked.confirm(journal.committed.parked);
  const live = new LiveBus(journal.head);
  const clocks = { now: () => clockStart, elapsedMs: () => 0, gate: () => null };
  const parts = { journal, window, parked, live, log, counters: createCounters() };
  const intake = createIntake({ ...parts, ...clocks });
  const store = new AbsentStore();
  const resolver = startParkedResolver({ parked, window, unpark: intake.unpark, store, pause: turn, log });
  return { disk, journal, parked, intake, store, resolver };
}

type Running = ReturnType<typeof start>;

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function eventText(number: number, occurred: string): string {
  const id = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
  const resource = { 'prefect.resource.id': 'r' };
  return JSON.stringify({ occurred, event: 'e', resource, id, payload: { text: 'x'.repeat(500) } });
}

function post({ intake }: Running, number: number, occurred = new Date(clockStart).toISOString()): Promise<void> {
  const outcome = intake.acceptBatch(Buffer.from(`[${eventText(number, occurred)}]`), true);
  if (!outcome.ok) throw new Error('The batch was refused');
  return outcome.durable;
}

async function postFails(running: Running, number: number): Promise<boolean> {
  try {
    await post(running, number);
    return false;
  } catch (error) {
    expect(error).toMatchObject({ failure: 'journalFull' });
    return true;
  }
}

async function fill(running: Running, from: number): Promise<number> {
  let number = from;
  while (!(await postFails(running, number))) number += 1;
  return number;
}

/** ClickHouse has taken all: what the table writer does then. */
function insertAll({ journal }: Running): void {
  journal.advanceCheckpoint(journal.head);
  journal.trim();
}

async function untilSettled({ parked }: Running): Promise<void> {
  for (let turns = 0; parked.size > 0; turns += 1) {
    if (turns > 1000) throw new Error(`${parked.size} parked events wait for ever`);
    await turn();
  }
}

async function stop({ resolver, intake, journal }: Running): Promise<void> {
  await resolver.stop();
  await intake.settled();
  journal.close();
}

const old = [1, 2, 3];

/**
 * An outage: some old events are parked, then the budget is spent; ClickHouse comes back, and takes all that has a seq.
 */
async function throughOutage(folder: string, durability: Durability): Promise<Running> {
  const running = start(folder, durability);
  for (const number of old) await post(running, number, hourAgo);
  await fill(running, 100);
  expect(running.parked.size).toBe(old.length);
  insertAll(running);
  return running;
}

describe.each(['process', 'fsync'] as const)(
  'parked events that hold the oldest file of a spent journal (%s)',
  (durability) => {
    it('get their seq all the same, and then intake goes on', async () => {
      await withFolder(async (folder) => {
        const running = await throughOutage(folder, durability);
        expect(await postFails(running, 5000)).toBe(true);
        const { journal, store } = running;
        const before = journal.head;
        store.isUp = true;
        await untilSettled(running);
        const chunk = journal.read(before + 1, Number.MAX_SAFE_INTEGER, journal.head);
        expect([...eventsOf(chunk)].map(({ body }) => Number(body.id.slice(-4)))).toEqual(old);
        insertAll(running);
        await post(running, 5001);
        expect(segmentFiles(folder)).toHaveLength(1);
        await stop(running);
      });
    });

    it('do so after a restart, too', async () => {
      await withFolder(async (folder) => {
        const first = await throughOutage(folder, durability);
        await first.resolver.stop();
        first.disk.kill();
        const second = start(folder, durability, first.journal.checkpoint);
        expect(second.parked.size).toBe(old.length);
        expect(await postFails(second, 5000)).toBe(true);
        second.store.isUp = true;
        await untilSettled(second);
        insertAll(second);
        await post(second, 5001);
        await stop(second);
      });
    });

    it('take no more than they took before, and none is parked meanwhile', async () => {
      await withFolder(async (folder) => {
        const running = start(folder, durability);
        const many = Array.from({ length: 30 }, (_, at) => at + 1);
        const empty = running.journal.bytes;
        for (const number of many) await post(running, number, hourAgo);
        const parkedBytes = running.journal.bytes - empty;
        await fill(running, 100);
        insertAll(running);
        const { journal, store } = running;
        store.isUp = true;
        while (running.parked.size > 0) {
          await expect(async () => post(running, 6000, hourAgo)).rejects.toMatchObject({ failure: 'journalFull' });
          await turn();
        }
        // And a settling record each.
        expect(journal.bytes).toBeLessThanOrEqual(budgetBytesMax + parkedBytes + many.length * 100);
        insertAll(running);
        await post(running, 5001);
        await stop(running);
      });
    });

    it('get their seq on a disk that is at its reserve, for what they hold is to be freed', async () => {
      await withFolder(async (folder) => {
        const running = start(folder, durability);
        for (const number of old) await post(running, number, hourAgo);
        for (let number = 100; number < 140; number += 1) await post(running, number);
        const { disk, store } = running;
        const files = segmentFiles(folder).length;
        disk.free = reserveFreeBytes - 1;
        insertAll(running);
        expect(await postFails(running, 5000)).toBe(true);
        store.isUp = true;
        await untilSettled(running);
        insertAll(running);
        expect(segmentFiles(folder).length).toBeLessThan(files);
        await stop(running);
      });
    });
  },
);
