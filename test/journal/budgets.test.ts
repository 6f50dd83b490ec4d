/**
 * What the journal may take of the disk, what it leaves free, and how long it keeps what ClickHouse has.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clockStart, Disk, failureOf, open, put, segmentFiles, withFolder } from './support.ts';

describe('the disk budget', () => {
  it('refuses an append before it is taken, and takes again when ClickHouse has caught up', () => {
    withFolder((folder) => {
      const journal = open(folder, { budgetBytesMax: 8_000, keepBytesPastCheckpoint: 1_000_000 });
      const fill = (): void => {
        for (;;) put(journal, 1, 50);
      };
      for (let round = 0; round < 3; round += 1) {
        expect(failureOf(fill)).toBe('journalFull');
        expect(journal.appended).toBe(journal.head);
        expect(journal.bytes).toBeLessThanOrEqual(8_000);
        expect(journal.head).toBeGreaterThan(journal.checkpoint + 3);
        journal.advanceCheckpoint(journal.head);
      }
      expect(journal.failed).toBeNull();
      journal.close();
    });
  });

  it('is spent by one group as well, and given back', () => {
    withFolder((folder) => {
      const journal = open(folder, { budgetBytesMax: 8_000 });
      expect(failureOf(() => put(journal, 1_000))).toBe('journalFull');
      journal.commit();
      const { head } = journal;
      journal.advanceCheckpoint(head);
      put(journal, 1);
      expect(journal.oldest).toBe(head + 1);
      journal.close();
    });
  });

  it('keeps the reserve of the disk free, and asks the disk at most once a second', () => {
    withFolder((folder) => {
      const disk = new Disk();
      let now = clockStart;
      const journal = open(folder, { reserveFreeBytes: 100_000 }, disk, () => now);
      disk.free = 103_000;
      expect(failureOf(() => put(journal, 100))).toBe('journalFull');
      expect(journal.appended - journal.head).toBeGreaterThan(3);
      journal.commit();
      disk.free = 200_000;
      expect(failureOf(() => put(journal, 1))).toBe('journalFull');
      expect(disk.counts.freeBytes).toBe(1);
      now += 1_000;
      put(journal, 1);
      expect(disk.counts.freeBytes).toBe(2);
      journal.close();
    });
  });

  it('asks the disk again when the clock has stepped back, however far: no old answer holds for longer', () => {
    for (const backMs of [1_000, 3_600_000]) {
      withFolder((folder) => {
        const disk = new Disk();
        let now = clockStart;
        const journal = open(folder, { reserveFreeBytes: 100_000 }, disk, () => now);
        disk.free = 200_000;
        put(journal, 1);
        disk.free = 0;
        now -= backMs;
        expect(failureOf(() => put(journal, 1))).toBe('journalFull');
        journal.close();
      });
    }
  });
});

describe('the disk reserve', () => {
  it("counts on the embedded engine's disk as well, if that is another one", () => {
    withFolder((folder) => {
      const disk = new Disk();
      const sharedDirectory = join(folder, 'clickhouse');
      disk.freeBytes = (path) => (path === sharedDirectory ? 99_000 : 1_000_000);
      const journal = open(folder, { reserveFreeBytes: 100_000, sharedDirectory }, disk);
      expect(failureOf(() => put(journal, 1))).toBe('journalFull');
      disk.kill();
      disk.freeBytes = (path) => {
        if (path === sharedDirectory) throw new Error('not there yet');
        return 1_000_000;
      };
      const again = open(folder, { reserveFreeBytes: 100_000, sharedDirectory }, disk);
      put(again, 1);
      again.close();
    });
  });
});

describe('the replay budget', () => {
  it('keeps all of the journal for a while after ClickHouse has it, in fsync mode', () => {
    withFolder((folder) => {
      let now = clockStart;
      const options = { durability: 'fsync', segmentBytesMax: 1_000, keepMsPastCheckpoint: 900_000 } as const;
      const journal = open(folder, options, new Disk(), () => now);
      const { firstSeq } = journal;
      const insertAll = (): void => {
        journal.advanceCheckpoint(journal.head);
        journal.trim();
      };
      for (let round = 0; round < 5; round += 1) put(journal, 2);
      insertAll();
      expect(journal.oldest).toBe(firstSeq);
      now += 899_999;
      put(journal, 2);
      insertAll();
      expect(journal.oldest).toBe(firstSeq);
      now += 1;
      insertAll();
      expect(journal.oldest).toBeGreaterThan(firstSeq);
      expect(segmentFiles(folder).length).toBeGreaterThan(1);
      now += 900_000;
      insertAll();
      expect(segmentFiles(folder)).toHaveLength(1);
      journal.close();
    });
  });

  it('counts from the restart for what was inserted before it, and gives way to the disk budget', () => {
    withFolder((folder) => {
      const options = { durability: 'fsync', segmentBytesMax: 1_000, keepMsPastCheckpoint: 900_000 } as const;
      const journal = open(folder, options);
      for (let round = 0; round < 5; round += 1) put(journal, 2);
      journal.close();
      const again = open(folder, { ...options, budgetBytesMax: 6_000, checkpoint: journal.head });
      again.trim();
      expect(again.oldest).toBe(journal.firstSeq);
      for (let round = 0; round < 5; round += 1) put(again, 2);
      expect(again.oldest).toBeGreaterThan(journal.firstSeq);
      expect(again.bytes).toBeLessThanOrEqual(6_000);
      again.close();
    });
  });
});
