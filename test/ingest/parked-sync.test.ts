/** I1 in fsync mode: an fdatasync covers what was written when it began, of events and of parked events alike. */
import { expect, it } from 'vitest';
import { createLog } from '../../src/base/log.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import { createIntake } from '../../src/ingest/accept.ts';
import { LiveBus } from '../../src/ingest/live-bus.ts';
import { ParkedEvents } from '../../src/ingest/parked-events.ts';
import { MemoryLog } from '../../support/memory-log.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it.each([
  ['events', '2026-11-22T09:00:00Z'],
  ['parked events', '2026-11-19T09:00:00Z'],
])('no %s count as synced that were committed while one ran', async (_, occurred) => {
  const forgotten = new ForgottenIds();
  forgotten.forget(Date.parse('2026-11-20T00:00:00Z') / 1000, 0);
  const journal = new MemoryLog('fsync');
  const intake = createIntake({
    journal,
    window: new IdWindow({ idsMax: 100, checkpoint: () => 0, forgotten }),
    parked: new ParkedEvents({ eventsMax: 100, bytesMax: 1_000_000 }),
    live: new LiveBus(0),
    now: () => Date.parse('2026-11-22T10:00:00Z'),
    elapsedMs: () => 0,
    gate: () => null,
    counters: createCounters(),
    log: createLog('silent'),
  });
  const durable: number[] = [];
  for (const number of [1, 2]) {
    const id = `00000000-0000-4000-8000-00000000000${number}`;
    const event = { occurred, event: 'e', resource: { 'prefect.resource.id': 'r' }, id };
    const taken = intake.acceptBatch(Buffer.from(JSON.stringify([event])), true);
    if (!taken.ok) throw new Error('The batch was refused');
    void taken.durable.then(() => durable.push(number));
    // Commits it; only the first one's sync can begin.
    await turn();
  }
  expect([journal.head, journal.committed.parked]).toEqual(occurred < '2026-11-20' ? [0, 2] : [2, 0]);
  journal.endSyncs();
  await turn();
  expect(durable).toEqual([1]);
  journal.endSyncs();
  await turn();
  expect(durable).toEqual([1, 2]);
});
