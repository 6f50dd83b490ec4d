/**
 * The rows that the table writer gets from memory are those that the disk has (I1, I2), for any course of commits, reads and
 * checkpoints, blocks that are full and days that change included.
 */
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { nodeFiles } from '../../src/file-port.ts';
import { StepReader } from '../../src/ingest/read-in-steps.ts';
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
    nextDay: fc.nat(9).map((dice) => dice === 0),
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
    { numRuns: 60 },
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
    expect(journal.recent.readDay(journal.checkpoint + 1, 1_000_000, journal.head)).toBeNull();
    catchUp();
    expect(follow()).toBe(0);
    journal.close();
  });
});

it('what is read in steps is one day of one epoch, exactly as the disk has it, as much as was asked for', async () => {
  await withFolder(async (folder) => {
    const journal = open(folder, {});
    const rowBytes = 40_000;
    for (let event = 0; event < 100; event += 1) append(journal, sent(event, rowBytes, event < 70 ? 1 : 2));
    journal.commit();
    const first = journal.firstSeq;
    let pauses = 0;
    const reader = new StepReader(journal, () => {
      pauses += 1;
      return Promise.resolve();
    });
    for (const [from, bytesMax, upTo] of [
      [first, 100_000_000, journal.head],
      [first, 2_000_000, journal.head],
      [first + 60, 100_000_000, first + 90],
      [first + 75, 100_000_000, first + 80],
      [first + 3, 1, journal.head],
    ] as const) {
      const chunk = await reader.readDay(from, bytesMax, upTo);
      const whole = readDay(journal, from, bytesMax, upTo);
      expect({ ...chunk, rows: chunk.rows.equals(whole.rows) }).toEqual({ ...whole, rows: true });
    }
    expect(pauses).toBeGreaterThan(2);
    journal.close();
  });
});

it('memory for what is read in steps is lent again, and given back once nothing was read for a time', async () => {
  await withFolder(async (folder) => {
    const journal = open(folder, {});
    append(journal, sent(1, 1_000, 1));
    journal.commit();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const reader = new StepReader(journal, () => Promise.resolve());
      const read = async (): Promise<ArrayBufferLike> =>
        (await reader.readDay(journal.firstSeq, 1_000_000, journal.head)).rows.buffer;
      const lent = await read();
      vi.advanceTimersByTime(9_000);
      expect(await read()).toBe(lent);
      vi.advanceTimersByTime(9_000);
      expect(await read()).toBe(lent);
      vi.advanceTimersByTime(11_000);
      expect(await read()).not.toBe(lent);
    } finally {
      vi.useRealTimers();
    }
    journal.close();
  });
});
