/**
 * What `commit_seconds` and `sync_seconds` count: each write of a group, and each fdatasync that events wait for,
 * whoever asked for it, and how long the disk took for it.
 */
import { expect, it } from 'vitest';
import { createLog } from '../../src/base/log.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import { createIntake } from '../../src/ingest/accept.ts';
import { LiveBus } from '../../src/ingest/live-bus.ts';
import { ParkedEvents } from '../../src/ingest/parked-events.ts';
import { PowerCutDisk } from '../journal/power-cut-disk.ts';
import { clockStart, open as openJournal } from '../journal/support.ts';

function open(durability: 'process' | 'fsync') {
  const disk = new PowerCutDisk('/data');
  const counters = createCounters();
  const clock = { ms: 0 };
  const now = (): number => clockStart;
  const elapsedMs = (): number => clock.ms;
  const journal = openJournal('/data', { durability, counters }, disk, now, 'boot 1', elapsedMs);
  const window = new IdWindow({ idsMax: 100, checkpoint: () => 0, forgotten: new ForgottenIds() });
  const parked = new ParkedEvents({ eventsMax: 10, bytesMax: 10_000 });
  const parts = { journal, window, parked, live: new LiveBus(journal.head), counters, log: createLog('silent') };
  return { journal, disk, counters, clock, intake: createIntake({ ...parts, now, elapsedMs, gate: () => null }) };
}

function event(number: number): Buffer {
  const id = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
  const resource = { 'prefect.resource.id': 'r' };
  return Buffer.from(JSON.stringify({ occurred: '2026-11-22T00:00:00Z', event: 'e', resource, id }));
}

const turn = (): Promise<unknown> => new Promise(setImmediate);

it('a group and a ping in fsync mode are one fdatasync each; one that fails is none', async () => {
  const { journal, disk, counters, clock, intake } = open('fsync');
  intake.acceptMessage(event(1), false);
  await turn();
  clock.ms += 30;
  disk.endSyncs();
  await turn();
  expect(counters.syncs.reading).toMatchObject({ count: 1, sumSeconds: 0.03 });
  intake.acceptMessage(event(2), false);
  intake.ensureDurable(journal.appended);
  expect(counters.syncs.reading.count).toBe(2);
  intake.acceptMessage(event(3), false);
  disk.syncError = 'EIO';
  expect(() => intake.ensureDurable(journal.appended)).toThrow('sync');
  expect(counters.syncs.reading.count).toBe(2);
  expect(counters.commits.reading).toMatchObject({ count: 3, sumSeconds: 0 });
});

it('in process mode there is none', async () => {
  const { journal, counters, intake } = open('process');
  intake.acceptMessage(event(1), false);
  intake.ensureDurable(journal.appended);
  await turn();
  expect(counters.commits.reading.count).toBe(1);
  expect(counters.syncs.reading.count).toBe(0);
});
