/**
 * What `sync_seconds` counts: each fdatasync that events wait for, whoever asked for it, and how long the disk took for it.
 */
import { expect, it } from 'vitest';
import { createLog } from '../../src/base/log.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import { createIntake } from '../../src/ingest/accept.ts';
import { LiveBus } from '../../src/ingest/live-bus.ts';
import { ParkedEvents } from '../../src/ingest/parked-events.ts';
import { FakeLog } from './fake-log.ts';

function open(durability: 'process' | 'fsync') {
  const journal = new FakeLog();
  const window = new IdWindow({ idsMax: 100, checkpoint: () => 0, forgotten: new ForgottenIds() });
  const parked = new ParkedEvents({ eventsMax: 10, bytesMax: 10_000 });
  const counters = createCounters();
  const clock = { ms: 0 };
  const clocks = { now: () => Date.UTC(2026, 10, 22), elapsedMs: () => clock.ms, gate: () => null };
  const parts = { journal, window, parked, live: new LiveBus(0), durability, counters, log: createLog('silent') };
  return { journal, counters, clock, intake: createIntake({ ...parts, ...clocks }) };
}

function event(number: number): Buffer {
  const id = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
  const resource = { 'prefect.resource.id': 'r' };
  return Buffer.from(JSON.stringify({ occurred: '2026-11-22T00:00:00Z', event: 'e', resource, id }));
}

const turn = (): Promise<unknown> => new Promise(setImmediate);

it('a group and a ping in fsync mode are one fdatasync each; one that fails is none', async () => {
  const { journal, counters, clock, intake } = open('fsync');
  intake.acceptMessage(event(1), false);
  await turn();
  clock.ms += 30;
  journal.endSyncs();
  await turn();
  expect(counters.syncs.reading).toMatchObject({ count: 1, sumSeconds: 0.03 });
  intake.acceptMessage(event(2), false);
  intake.ensureDurable(2);
  expect(counters.syncs.reading.count).toBe(2);
  intake.acceptMessage(event(3), false);
  journal.syncFails = true;
  expect(() => intake.ensureDurable(3)).toThrow('sync');
  expect(counters.syncs.reading.count).toBe(2);
});

it('in process mode there is none', async () => {
  const { counters, intake } = open('process');
  intake.acceptMessage(event(1), false);
  intake.ensureDurable(1);
  await turn();
  expect(counters.commits.reading.count).toBe(1);
  expect(counters.syncs.reading.count).toBe(0);
});
