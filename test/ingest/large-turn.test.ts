/**
 * A turn of the loop that takes more than a group holds, as hundreds of fast producers can bring (I1, I5): it is
 * written in groups, and is not mistaken for a slow disk.
 */
import { expect, it } from 'vitest';
import { createLog } from '../../src/base/log.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import { createIntake } from '../../src/ingest/accept.ts';
import { LiveBus } from '../../src/ingest/live-bus.ts';
import { ParkedEvents } from '../../src/ingest/parked-events.ts';
import { MemoryLog } from '../../support/memory-log.ts';

const eventBytes = 1_000;
const groupBytesMax = 20_000;
const waitingBytesMax = 60_000;

function eventText(number: number): Buffer {
  const id = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
  const payload = { pad: 'p'.repeat(eventBytes) };
  const resource = { 'prefect.resource.id': 'r' };
  return Buffer.from(JSON.stringify({ occurred: '2026-11-22T09:00:00Z', event: 'e', resource, payload, id }));
}

function open(durability: 'process' | 'fsync') {
  const journal = new MemoryLog(durability);
  const live = new LiveBus(0);
  const intake = createIntake({
    journal,
    window: new IdWindow({ idsMax: 1_000, checkpoint: () => 0, forgotten: new ForgottenIds() }),
    parked: new ParkedEvents({ eventsMax: 1_000, bytesMax: 1_000_000 }),
    live,
    waitingBytesMax,
    groupBytesMax,
    gate: () => null,
    now: () => Date.parse('2026-11-22T10:00:00Z'),
    elapsedMs: () => 0,
    counters: createCounters(),
    log: createLog('silent'),
  });
  const delivered: number[] = [];
  live.batches$.subscribe((batch) => {
    for (const { seq } of batch) delivered.push(seq);
  });
  return { journal, intake, delivered };
}

it('takes far more in one turn than may wait for a slow disk, and what is not written stays about a group', async () => {
  const { journal, intake, delivered } = open('process');
  const events = 300;
  for (let number = 1; number <= events; number += 1) {
    expect(intake.acceptMessage(eventText(number), false)).toEqual({ kind: 'accepted', ticket: number });
    expect((journal.appended - journal.head) * eventBytes).toBeLessThan(groupBytesMax + 2 * eventBytes);
    // What is written is handed out in the same turn.
    expect(delivered.length).toBe(journal.head);
  }
  await new Promise(setImmediate);
  expect(delivered).toEqual(Array.from({ length: events }, (_, at) => at + 1));
});

it('still refuses where the disk does not sync', () => {
  const { intake, delivered } = open('fsync');
  expect(() => {
    for (let number = 1; number <= 300; number += 1) intake.acceptMessage(eventText(number), false);
  }).toThrow("journal's disk is slow");
  expect(delivered).toEqual([]);
});

it('tells who relies on a group that could not be written before anything more is taken', () => {
  const { journal, intake } = open('process');
  const losses: number[] = [];
  intake.lost$.subscribe(({ above }) => losses.push(above));
  journal.commitFailsAfter = 5;
  let number = 0;
  while (losses.length === 0 && number < 100) {
    number += 1;
    intake.acceptMessage(eventText(number), false);
  }
  expect(losses).toEqual([5]);
  // The lost ids are free again; the message that came at that moment has the first of the lost seqs.
  expect(journal.appended).toBe(6);
  expect(intake.acceptMessage(eventText(7), false)).toEqual({ kind: 'accepted', ticket: 7 });
});
