/**
 * The rows that the table writer gets from memory are those that the disk has (I1, I2), for any course of commits,
 * reads and checkpoints, blocks that are full and days that change included.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nodeFiles } from '../../src/base/file-port.ts';
import { append, noReceipt, open, readDay, rowOf, sent, withFolder } from './support.ts';

type Step =
  | { readonly kind: 'commit'; readonly events: number; readonly parked: boolean; readonly nextDay: boolean }
  | { readonly kind: 'takenBack'; readonly events: number }
  | { readonly kind: 'insert'; readonly rows: number; readonly bytesMax: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('commit' as const),
    events: fc.integer({ min: 1, max: 6 }),
    parked: fc.boolean(),
    nextDay: fc.nat(3).map((dice) => dice === 0),
  }),
  fc.record({ kind: fc.constant('takenBack' as const), events: fc.integer({ min: 1, max: 3 }) }),
  fc.record({
    kind: fc.constant('insert' as const),
    rows: fc.integer({ min: 1, max: 20 }),
    bytesMax: fc.constantFrom(1, 700, 1_000_000),
  }),
);

it('what is read for the table writer is what the disk has, and all of it comes in the end', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.constantFrom(300, 900, 5_000), (steps, recentBytes) => {
      withFolder((folder) => {
        const journal = open(folder, { recentBytes, segmentBytesMax: 4_000 });
        let day = 1;
        const insert = (rows: number, bytesMax: number): void => {
          const from = journal.checkpoint + 1;
          const upTo = Math.min(journal.head, journal.checkpoint + rows);
          if (from > upTo) return;
          const chunk = readDay(journal, from, bytesMax, upTo);
          const disk = journal.read(from, 1_000_000, chunk.last);
          expect(chunk).toEqual(disk);
          expect(chunk.last).toBeLessThanOrEqual(upTo);
          const days = chunk.rows
            .toString()
            .trimEnd()
            .split('\n')
            .map((row) => row.split('\t')[2]?.slice(0, 10));
          expect(new Set(days).size).toBe(1);
          journal.advanceCheckpoint(chunk.last);
        };
        for (const [nth, now] of steps.entries()) {
          if (now.kind === 'insert') insert(now.rows, now.bytesMax);
          else {
            for (let event = 0; event < now.events; event += 1)
              append(journal, sent(nth * 10 + event, event * 20, day));
            if (now.kind === 'takenBack') journal.rollBack(journal.head);
            else {
              if (now.parked) journal.park(rowOf({ ...sent(0), head: 1 }), noReceipt);
              journal.commit();
              if (now.nextDay) day += 1;
            }
          }
        }
        while (journal.checkpoint < journal.head) insert(20, 1_000_000);
        journal.close();
      });
    }),
    { numRuns: 150 },
  );
});

it('who follows the head reads nothing from the disk, at first and when it was far behind', () => {
  withFolder((folder) => {
    let reads = 0;
    const files: typeof nodeFiles = {
      ...nodeFiles,
      read(...words) {
        reads += 1;
        return nodeFiles.read(...words);
      },
    };
    const journal = open(folder, { recentBytes: 5_000 }, files);
    const commit = (group: number): void => {
      for (let event = 0; event < 5; event += 1) append(journal, sent(group * 5 + event));
      journal.commit();
    };
    const catchUp = (): void => {
      while (journal.checkpoint < journal.head) {
        journal.advanceCheckpoint(readDay(journal, journal.checkpoint + 1, 1_000_000, journal.head).last);
      }
    };
    const follow = (): number => {
      const before = reads;
      for (let group = 0; group < 100; group += 1) {
        commit(group);
        catchUp();
      }
      return reads - before;
    };
    expect(follow()).toBe(0);
    for (let group = 0; group < 100; group += 1) commit(group);
    expect(journal.recentDay(journal.checkpoint + 1, 1_000_000, journal.head)).toBeNull();
    catchUp();
    expect(follow()).toBe(0);
    journal.close();
  });
});

it('keeps as many rows as its blocks hold, and gives a batch of just the bytes that are asked for', () => {
  withFolder((folder) => {
    const row = (number: number): string => {
      const { id, received, occurred, search, raw } = sent(number);
      return ['', id, received, occurred, '', search, raw].join('\t');
    };
    const rowBytes = Buffer.byteLength(row(0)) + 25;
    const journal = open(folder, { recentBytes: 10 * rowBytes });
    const first = journal.head + 1;
    for (let number = 0; number < 15; number += 1) {
      append(journal, sent(number));
      journal.commit();
    }
    const whole = journal.recentDay(first, 1_000_000, journal.head);
    expect(whole?.count).toBeGreaterThanOrEqual(10);
    const three = journal.read(first, 1_000_000, first + 2);
    expect(journal.recentDay(first, three.rows.length, journal.head)).toEqual(three);
    expect(journal.recentDay(first, three.rows.length - 1, journal.head)?.count).toBe(2);
    // From the middle of a block, too.
    expect(journal.recentDay(first + 3, 1_000_000, first + 6)).toEqual(journal.read(first + 3, 1_000_000, first + 6));
    journal.close();
  });
});
