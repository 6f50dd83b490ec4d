/**
 * A batch that is good and not admitted: whoever has used up its rate (I2, I4).
 */
import { expect, it } from 'vitest';
import { Failure } from '../../src/base/errors.ts';
import { createLog } from '../../src/base/log.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import { createIntake } from '../../src/ingest/accept.ts';
import { LiveBus } from '../../src/ingest/live-bus.ts';
import { ParkedEvents } from '../../src/ingest/parked-events.ts';
import { MemoryLog } from '../../support/memory-log.ts';

const nowMs = Date.parse('2026-11-22T10:00:00.500Z');

function open() {
  const journal = new MemoryLog('process');
  const window = new IdWindow({ idsMax: 100, checkpoint: () => 0, forgotten: new ForgottenIds() });
  const parked = new ParkedEvents({ eventsMax: 1000, bytesMax: 1_000_000 });
  const counters = createCounters();
  const clocks = { now: () => nowMs, elapsedMs: () => 0 };
  const rest = { live: new LiveBus(0), log: createLog('silent'), waitingBytesMax: 1_000_000, gate: () => null };
  return { journal, counters, intake: createIntake({ journal, window, parked, counters, ...rest, ...clocks }) };
}

function body(...numbers: number[]): Buffer {
  const events = numbers.map((number) => ({
    ...{ occurred: '2026-11-22T09:00:00Z', event: 'e', resource: { 'prefect.resource.id': 'r' } },
    id: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
  }));
  return Buffer.from(JSON.stringify(events));
}

it('nothing of it is stored and all of it is in the books, in slices as at once; repeats are asked for too', async () => {
  const { journal, counters, intake } = open();
  const take = async (bytes: Buffer): Promise<void> => {
    const outcome = intake.acceptBatch(bytes, true, () => null);
    if (!outcome.ok) throw new Error('The batch was refused');
    await outcome.durable;
  };
  await take(body(1));
  const asked: number[] = [];
  const refuse = (events: number): Failure => {
    asked.push(events);
    return new Failure('overRate', 'Too much');
  };
  expect(() => intake.acceptBatch(body(1, 2, 3), true, refuse)).toThrow('Too much');
  await expect(intake.acceptInSlices(body(1, 2, 3), true, refuse)).rejects.toThrow('Too much');
  expect(intake.acceptBatch(Buffer.from('[{}]'), true, refuse).ok).toBe(false);
  expect(asked).toEqual([3, 3]);
  expect(counters.refused).toEqual({ overRate: 6, badEvent: 1 });
  expect(journal.head).toBe(1);
  await take(body(1, 2, 3));
  expect(journal.head).toBe(3);
  expect(counters).toMatchObject({ parsed: 11, appended: 3, deduped: 1 });
});
