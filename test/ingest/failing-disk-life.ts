/**
 * One life of intake on a disk that fails on command: accept, group and the real journal, and what a producer's socket
 * relies on.
 */
import { expect } from 'vitest';
import { createLog } from '../../src/base/log.ts';
import { createCounters } from '../../src/base/metrics.ts';
import type { StoreStatus } from '../../src/clickhouse/store.ts';
import { wholeSeconds } from '../../src/filter/whole-seconds.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import { createIntake } from '../../src/ingest/accept.ts';
import { LiveBus } from '../../src/ingest/live-bus.ts';
import { ParkedEvents } from '../../src/ingest/parked-events.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { eventsOf } from '../../support/stored-events.ts';
import type { PowerCutDisk } from '../journal/power-cut-disk.ts';
import { clockStart, open } from '../journal/support.ts';

export type Durability = 'process' | 'fsync';

export function idText(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

/** Every third occurred before all that the window knows of: it is parked. */
const forgottenUpTo = '2026-11-20T00:00:00Z';

export function eventText(number: number): string {
  const resource = { 'prefect.resource.id': 'r' };
  const occurred = number % 3 === 0 ? '2026-11-19T09:00:00Z' : '2026-11-22T09:00:00Z';
  return JSON.stringify({ occurred, event: 'e', resource, id: idText(number) });
}

/** The process: all that a kill ends. */
interface Limits {
  readonly waitingBytesMax?: number;
  readonly groupBytesMax?: number;
}

export function start(disk: PowerCutDisk, durability: Durability, boot: number, limits: Limits = {}) {
  const options = { durability, segmentBytesMax: 4_000 };
  const journal = open('/data', options, disk, () => clockStart + boot * 1_000, `boot ${boot}`);
  const live = new LiveBus(journal.head);
  const forgotten = new ForgottenIds();
  forgotten.forget(Date.parse(forgottenUpTo) / 1000, 0);
  const window = new IdWindow({ idsMax: 1000, checkpoint: () => journal.checkpoint, forgotten });
  journal.scanIds((known, occurred, seq, received) => {
    window.add(known, seq, wholeSeconds(received), wholeSeconds(occurred));
  });
  const clocks = { now: () => clockStart, elapsedMs: () => 0, gate: () => null };
  const held = (from: number): void => journal.holdParked(from);
  const parked = new ParkedEvents({ eventsMax: 1000, bytesMax: 1_000_000 }, held);
  for (const row of journal.parked.takeRows()) parked.add(row);
  parked.confirm(journal.committed.parked);
  const parts = { journal, parked, window, live, log: createLog('silent'), counters: createCounters() };
  const intake = createIntake({ ...parts, ...clocks, waitingBytesMax: 1_000_000, ...limits });
  const delivered: number[] = [];
  live.batches$.subscribe((batch) => {
    for (const { seq } of batch) delivered.push(seq);
  });
  const sockets = [0, 1, 2].map(() => ({ reliesOn: 0, reliesOnParked: 0, sent: [] as number[] }));
  const breakOff = (each: (typeof sockets)[number]): void => {
    each.reliesOn = 0;
    each.reliesOnParked = 0;
    each.sent = [];
  };
  intake.lost$.subscribe(({ above, parkedAbove }) => {
    for (const each of sockets) if (each.reliesOn > above || each.reliesOnParked > parkedAbove) breakOff(each);
  });
  const { counters } = parts;
  return {
    journal,
    intake,
    parked,
    delivered,
    sockets,
    breakOff,
    counters,
    headAtStart: journal.head,
    isKilled: false,
    /** Posts that nobody has answered. */
    untold: 0,
  };
}

/**
 * What is not taken back is in the log, synced or not. Events that wait for a commit when a sync fails are taken back:
 * a journal that has failed writes nothing more.
 */
export function checkBooks({ journal, counters, headAtStart }: ReturnType<typeof start>): void {
  expect(journal.hasPending).toBe(false);
  expect(journal.head - headAtStart).toBe(counters.appended - counters.takenBack);
}

/** Of a failed journal each producer is told; of one that has kept all, subscribers get each event, once. */
export function checkTold({ journal, headAtStart, delivered, untold }: ReturnType<typeof start>): void {
  const { failed, head, horizon, hasPending } = journal;
  if (failed !== null) expect(untold).toBe(0);
  else if (horizon.ticket === head && !hasPending) {
    expect(delivered).toEqual(Array.from({ length: head - headAtStart }, (_, at) => headAtStart + 1 + at));
  }
}

/** By id; parked ones, which have no seq, as 0. */
export function kept({
  journal,
  parked,
}: {
  readonly journal: Journal;
  readonly parked: ParkedEvents;
}): Map<string, number> {
  const found = new Map<string, number>();
  for (const { id: known } of parked.oldest(1000)) {
    expect(found.has(known)).toBe(false);
    found.set(known, 0);
  }
  for (let from = journal.oldest; ; ) {
    const chunk = journal.read(from, 1_000, journal.head);
    if (chunk.count === 0) return found;
    for (const { seq, body } of eventsOf(chunk)) {
      expect(found.has(body.id)).toBe(false);
      found.set(body.id, seq);
    }
    from = chunk.last + 1;
  }
}

export const store: StoreStatus = { phase: 'ready', where: 'here', version: '', reason: '' };

export const turn = (): Promise<unknown> => new Promise(setImmediate);

/** All that is under way ends. */
export async function settle(disk: PowerCutDisk): Promise<void> {
  for (let nth = 0; nth < 5; nth += 1) {
    disk.endSyncs();
    await turn();
  }
}
