/**
 * I1 and I2 as laws of the journal over real files: for any interleaving of append, rollBack, commit, failing disk,
 * insert, trim, clean stop and kill, exactly what was committed is read, once each, in seq order, from any position.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/base/errors.ts';
import { formatRow, splitRow } from '../../src/event-log/row.ts';
import { eventsOf, parseRow } from '../../support/stored-events.ts';
import { append, Disk, noReceipt, open, readAll, rowOf, sent, withFolder } from './support.ts';

type Step =
  | { kind: 'append'; paddings: number[] }
  | { kind: 'rollBack'; count: number }
  | { kind: 'commit' }
  | { kind: 'commit on a failing disk'; writes: (string | number)[] }
  | { kind: 'insert'; rows: number }
  | { kind: 'trim' }
  | { kind: 'read'; offset: number; bytesMax: number; length: number }
  | { kind: 'restart'; isClean: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      paddings: fc.array(fc.oneof(fc.nat(40), fc.integer({ min: 5_000, max: 30_000 })), { minLength: 1, maxLength: 8 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rollBack' as const), count: fc.nat(5) }) },
  { weight: 5, arbitrary: fc.constant({ kind: 'commit' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('commit on a failing disk' as const),
      writes: fc.array(fc.oneof(fc.constantFrom('ENOSPC', 'EIO'), fc.integer({ min: 1, max: 400 })), {
        minLength: 1,
        maxLength: 5,
      }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('insert' as const), rows: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'trim' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      offset: fc.nat(60),
      bytesMax: fc.oneof(fc.nat(3_000), fc.constant(Number.MAX_SAFE_INTEGER)),
      length: fc.nat(40),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restart' as const), isClean: fc.boolean() }) },
);

const segmentBytesMax = 6_000;

describe('the journal', () => {
  it('reads exactly what was committed, whatever fails and whenever it is killed', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), fc.constantFrom(0, 10_000), (steps, keep) =>
        withFolder((folder) => {
          let disk = new Disk();
          const options = { segmentBytesMax, keepBytesPastCheckpoint: keep };
          let journal = open(folder, options, disk);
          const { epoch, firstSeq } = journal;
          const committed = new Map<number, string>();
          let pending: string[] = [];
          let checkpoint = firstSeq - 1;
          let number = 0;
          const check = (): void => {
            expect(journal.failed).toBeNull();
            expect(journal.head).toBe(firstSeq - 1 + committed.size);
            expect(journal.appended).toBe(journal.head + pending.length);
            expect(journal.checkpoint).toBe(checkpoint);
            expect(journal.pending).toBe(journal.head - checkpoint);
            expect(journal.oldest).toBeLessThanOrEqual(checkpoint + 1);
          };
          const commit = (): void => {
            const { head } = journal;
            try {
              journal.commit();
              for (const [at, raw] of pending.entries()) committed.set(head + 1 + at, raw);
            } catch (error) {
              expect(error).toBeInstanceOf(Failure);
            }
            pending = [];
          };
          for (const now of steps) {
            switch (now.kind) {
              case 'append':
                for (const padding of now.paddings) {
                  const event = sent(number++, padding);
                  expect(append(journal, event)).toBe(journal.head + pending.length + 1);
                  pending.push(event.raw);
                }
                break;
              case 'rollBack':
                journal.rollBack(journal.appended - now.count);
                pending.splice(Math.max(0, pending.length - now.count));
                break;
              case 'commit':
                commit();
                break;
              case 'commit on a failing disk':
                disk.writes = now.writes;
                commit();
                disk.writes = [];
                break;
              case 'insert':
                checkpoint = Math.min(journal.head, checkpoint + now.rows);
                journal.advanceCheckpoint(checkpoint);
                break;
              case 'trim':
                journal.trim();
                break;
              case 'read': {
                const from = journal.oldest + now.offset;
                const upTo = from + now.length;
                const chunk = journal.read(from, now.bytesMax, upTo);
                const events = [...eventsOf(chunk)];
                expect(events.map(({ seq, raw }) => [seq, raw])).toEqual(
                  Array.from({ length: chunk.count }, (_, at) => [from + at, committed.get(from + at)]),
                );
                const available = Math.max(0, Math.min(upTo, journal.head) - from + 1);
                expect(chunk.last).toBe(from + chunk.count - 1);
                if (now.bytesMax === Number.MAX_SAFE_INTEGER) expect(chunk.count).toBe(available);
                else expect(chunk.count > 0).toBe(available > 0);
                if (chunk.count > 1) expect(chunk.rows.length).toBeLessThanOrEqual(now.bytesMax);
                break;
              }
              case 'restart':
                if (now.isClean) {
                  commit();
                  journal.close();
                }
                pending = [];
                disk.kill();
                disk = new Disk();
                journal = open(folder, { ...options, checkpoint }, disk);
                expect(journal.epoch).toBe(epoch);
                expect(journal.firstSeq).toBe(firstSeq);
                break;
              default:
                now satisfies never;
            }
            check();
          }
          const kept = [...committed].filter(([seq]) => seq >= journal.oldest);
          expect([...readAll(journal)]).toEqual(kept);
          const scanned: number[] = [];
          journal.scanIds((id, occurred, seq, received) => {
            scanned.push(seq);
            expect(committed.get(seq)).toContain(`"id":"${id}"`);
            expect([occurred, received]).toEqual(['2026-01-01 00:00:00.000000', sent(0).received]);
          });
          expect(scanned).toEqual(kept.map(([seq]) => seq));
          disk.kill();
        }),
      ),
      { numRuns: 200 },
    );
  });

  it('gives any row back as it was taken, column by column', () => {
    const text = fc.string({ unit: 'grapheme' }).map((value) => value.replace(/[\t\n]/g, ' '));
    fc.assert(
      fc.property(fc.array(fc.tuple(text, fc.jsonValue()), { minLength: 1, maxLength: 10 }), (events) =>
        withFolder((folder) => {
          const disk = new Disk();
          const journal = open(folder, {}, disk);
          const rows = events.map(([search, payload], at) => {
            const raw = JSON.stringify({ event: search, payload });
            const row = { ...sent(at), search, raw, head: 3 };
            const seq = journal.append(rowOf({ ...row, search, raw }), noReceipt);
            return { seq, id: row.id, received: row.received, occurred: row.occurred, head: 3, search, raw };
          });
          journal.commit();
          const chunk = journal.read(journal.oldest, Number.MAX_SAFE_INTEGER, journal.head);
          expect(chunk.rows.toString('utf8')).toBe(rows.map(formatRow).join(''));
          expect(rows.map((row) => splitRow(formatRow(row)))).toEqual(rows);
          const bodies = [...eventsOf(chunk)].map(({ body }) => body);
          expect(bodies).toEqual(rows.map(({ raw }) => JSON.parse(raw)));
          expect(rows.map((row) => parseRow(formatRow(row)).search)).toEqual(rows.map(({ search }) => search));
          disk.kill();
        }),
      ),
      { numRuns: 100 },
    );
  });
});
