/**
 * I1, I2 and I11 as laws over random interleavings of producers, turns and failing writes: what was answered is in the
 * log, each id once, and live delivery is the log.
 */
import fc from 'fast-check';
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

type Step =
  | { kind: 'message'; socket: number; id: number }
  | { kind: 'batch'; ids: number[] }
  | { kind: 'nonsense'; text: string }
  | { kind: 'ping'; socket: number }
  | { kind: 'turn' }
  | { kind: 'syncs' }
  | { kind: 'failCommit'; after: number }
  | { kind: 'room'; rows: number };

/** Refused as a message and as a body; a list is refused with all its events. */
const nonsense = ['', '{', 'null', '{}', '[{},{}]', '[{},{},{}]'];
const id = fc.nat(12);
const socket = fc.nat(2);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('message' as const), socket, id }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('batch' as const), ids: fc.array(id, { maxLength: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('nonsense' as const), text: fc.constantFrom(...nonsense) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('ping' as const), socket }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'turn' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'syncs' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('failCommit' as const), after: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('room' as const), rows: fc.constantFrom(1, 3, 1000) }) },
);

function idText(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

function eventText(number: number): string {
  const resource = { 'prefect.resource.id': 'r' };
  return JSON.stringify({ occurred: '2026-11-22T09:00:00Z', event: 'e', resource, id: idText(number) });
}

it('what was answered is in the log, each id once, and live delivery is the log', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      fc.constantFrom('process', 'fsync'),
      fc.constantFrom(1, 1_500, 1_000_000),
      async (steps, durability, groupBytesMax) => {
        const journal = new MemoryLog(durability);
        const live = new LiveBus(0);
        const window = new IdWindow({ idsMax: 10, checkpoint: () => 0, forgotten: new ForgottenIds() });
        const clocks = { now: () => 0, elapsedMs: () => 0, gate: () => null };
        const parts = {
          journal,
          parked: new ParkedEvents({ eventsMax: 1000, bytesMax: 1_000_000 }),
          window,
          live,
          groupBytesMax,
          log: createLog('silent'),
          counters: createCounters(),
        } as const;
        const intake = createIntake({ ...parts, ...clocks });
        const delivered: number[] = [];
        const answered = new Set<number>();
        const sockets = [0, 1, 2].map(() => ({ reliesOn: 0, sent: new Set<number>() }));
        const waiting: Promise<void>[] = [];
        live.batches$.subscribe((batch) => {
          for (const event of batch) delivered.push(event.seq);
          expect(live.mark).toBe(delivered.at(-1));
          expect(live.mark).toBeLessThanOrEqual(journal.horizon.ticket);
        });
        const breakOff = (each: (typeof sockets)[number]) => {
          each.reliesOn = 0;
          each.sent.clear();
        };
        intake.lost$.subscribe(({ above }) => {
          for (const each of sockets) if (each.reliesOn > above) breakOff(each);
        });
        const attempt = (work: () => void, ifRefused: () => void = () => undefined) => {
          try {
            work();
          } catch (error) {
            if (!(error instanceof Failure)) throw error;
            ifRefused();
          }
        };

        for (const each of steps) {
          switch (each.kind) {
            case 'message':
              attempt(() => {
                const outcome = intake.acceptMessage(Buffer.from(eventText(each.id)), false);
                if (!('ticket' in outcome)) throw new Error(outcome.kind);
                const from = sockets[each.socket]!;
                from.reliesOn = Math.max(from.reliesOn, outcome.ticket);
                from.sent.add(each.id);
              });
              break;
            case 'batch':
              attempt(() => {
                const outcome = intake.acceptBatch(Buffer.from(`[${each.ids.map(eventText).join(',')}]`), true);
                if (!outcome.ok) throw new Error('The batch was refused');
                const settled = outcome.durable.then(
                  () => each.ids.forEach((number) => void answered.add(number)),
                  (error: unknown) => expect(error).toBeInstanceOf(Failure),
                );
                waiting.push(settled);
              });
              break;
            case 'nonsense':
              attempt(() => {
                expect(intake.acceptBatch(Buffer.from(each.text), true).ok).toBe(false);
                expect(['refused', 'skipped']).toContain(intake.acceptMessage(Buffer.from(each.text), false).kind);
              });
              break;
            case 'ping': {
              const from = sockets[each.socket]!;
              attempt(
                () => {
                  intake.ensureDurable(from.reliesOn);
                  for (const number of from.sent) answered.add(number);
                },
                () => breakOff(from),
              );
              break;
            }
            case 'turn':
              await new Promise(setImmediate);
              break;
            case 'syncs':
              journal.endSyncs();
              await new Promise(setImmediate);
              break;
            case 'failCommit':
              journal.commitFailsAfter = each.after;
              break;
            case 'room':
              journal.roomUpTo = journal.head + each.rows;
              break;
            default:
              each satisfies never;
          }
        }
        journal.commitFailsAfter = null;
        const end = setInterval(() => journal.endSyncs(), 0);
        await intake.settled();
        await Promise.all(waiting);
        clearInterval(end);

        const stored = journal.committedRows.map((row) => row.id);
        expect(new Set(stored).size).toBe(stored.length);
        for (const number of answered) expect(stored).toContain(idText(number));
        expect(delivered).toEqual(journal.committedRows.map((row) => row.seq));
        const { parsed, refused, deduped, parked, appended, takenBack } = parts.counters;
        const refusals = Object.values(refused).reduce((sum, count) => sum + count, 0);
        expect(parsed).toBe(refusals + deduped + parked + appended);
        expect(stored.length).toBe(appended - takenBack);
      },
    ),
    { numRuns: 300 },
  );
});
