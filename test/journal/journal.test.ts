/**
 * The journal's rules one by one: epochs and seqs, budget and reserve, reading at bounds, syncing, and what makes it refuse.
 */
import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Failure, StartRefused } from '../../src/errors.ts';
import { byTable, crc32 } from '../../src/journal/crc32.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { recordHeaderBytes, sealRecord } from '../../src/journal/record.ts';
import { eventsOf } from '../support/stored-events.ts';
import { append, clockStart, Disk, open, readAll, readDay, segmentFiles, sent, withFolder } from './support.ts';

function put(journal: Journal, count: number, padding = 0): void {
  for (let number = 0; number < count; number += 1) append(journal, sent(number, padding));
  journal.commit();
}

function failureOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof Failure ? error.failure : String(error);
  }
  return 'none';
}

describe('an epoch', () => {
  it('begins at the clock, by 2^20 seqs a second, and is kept with its owner over restarts', () => {
    withFolder((folder) => {
      const journal = open(folder);
      expect(journal.firstSeq).toBe((clockStart / 1000) * 2 ** 20 + 1);
      expect(journal.head).toBe(journal.firstSeq - 1);
      expect(journal.checkpoint).toBe(journal.head);
      journal.close();
      const again = open(folder, {}, undefined, () => clockStart + 5_000);
      expect([again.epoch, again.owner, again.firstSeq]).toEqual([journal.epoch, journal.owner, journal.firstSeq]);
      again.close();
    });
  });

  it('keeps head and epoch when all of the journal was trimmed', () => {
    withFolder((folder) => {
      const options = { segmentBytesMax: 1_000 };
      const journal = open(folder, options);
      for (let round = 0; round < 10; round += 1) put(journal, 2);
      const { head, epoch } = journal;
      journal.advanceCheckpoint(head);
      journal.trim();
      expect(segmentFiles(folder)).toHaveLength(1);
      journal.close();
      const again = open(folder, { ...options, checkpoint: head });
      expect([again.head, again.epoch, again.checkpoint]).toEqual([head, epoch, head]);
      expect(append(again, sent(1))).toBe(head + 1);
      again.close();
    });
  });

  it('begins anew above the head, the checkpoint and the clock; the old tail is read first, and no chunk spans both', () => {
    withFolder((folder) => {
      const old = open(folder, {}, undefined, () => clockStart + 60_000);
      put(old, 3);
      old.close();
      const journal = open(folder, { newEpoch: true, checkpoint: old.head - 1 });
      // By the clock it would begin a minute before the old one's first seq.
      expect(journal.firstSeq).toBe((clockStart / 1000 + 61) * 2 ** 20 + 1);
      journal.close();
      const later = open(folder, { newEpoch: true, checkpoint: old.head - 1 }, undefined, () => clockStart + 120_000);
      expect(later.epoch).not.toBe(old.epoch);
      expect(later.owner).toBe(old.owner);
      put(later, 2);
      const first = later.read(later.checkpoint + 1, Number.MAX_SAFE_INTEGER, later.head);
      expect([first.first, first.last]).toEqual([old.head, old.head]);
      expect(later.epochOf(first.first)).toBe(old.epoch);
      later.advanceCheckpoint(first.last);
      expect(later.checkpoint).toBe(later.firstSeq - 1);
      const second = later.read(later.checkpoint + 1, Number.MAX_SAFE_INTEGER, later.head);
      expect([second.first, second.count]).toEqual([later.firstSeq, 2]);
      expect(later.epochOf(second.first)).toBe(later.epoch);
      expect(later.read(first.last + 1, 1, later.head).first).toBe(later.firstSeq);
      later.close();
    });
  });

  it('that was killed before it was named begins anew at the next start', () => {
    withFolder((folder) => {
      const disk = new Disk();
      open(folder, {}, disk);
      disk.kill();
      rmSync(join(folder, 'epoch'));
      const again = open(folder);
      put(again, 1);
      again.close();
      rmSync(join(folder, 'epoch'));
      expect(() => open(folder)).toThrow(/epoch is missing/);
    });
  });
});

describe('a new epoch', () => {
  it('that was killed before it was named never was', () => {
    withFolder((folder) => {
      const old = open(folder);
      put(old, 3);
      old.close();
      const name = readFileSync(join(folder, 'epoch'));
      const disk = new Disk();
      open(folder, { newEpoch: true }, disk, () => clockStart + 60_000);
      disk.kill();
      writeFileSync(join(folder, 'epoch'), name);
      const again = open(folder);
      expect([again.epoch, again.head]).toEqual([old.epoch, old.head]);
      expect(append(again, sent(4))).toBe(old.head + 1);
      again.close();
    });
  });

  it('is the way on when the journal lost its end', () => {
    withFolder((folder) => {
      const old = open(folder);
      put(old, 3);
      old.close();
      const checkpoint = old.head + 5;
      expect(() => open(folder, { checkpoint })).toThrow(StartRefused);
      const journal = open(folder, { checkpoint, newEpoch: true });
      expect(journal.firstSeq).toBeGreaterThan(checkpoint);
      expect(journal.checkpoint).toBe(journal.head);
      journal.close();
    });
  });
});

describe('a start', () => {
  it('is refused, with a sentence, for what it cannot trust', () => {
    withFolder((folder) => {
      const journal = open(folder);
      put(journal, 2);
      journal.close();
      const { head } = journal;
      expect(() => open(folder, { checkpoint: head + 1 })).toThrow(/sluice adopt/);
      const unknown = Buffer.alloc(recordHeaderBytes);
      sealRecord(unknown, 0, 9, head, 0);
      const path = segmentFiles(folder)[0]!;
      const whole = readFileSync(path);
      appendFileSync(path, unknown);
      expect(() => open(folder)).toThrow(/kind 9.*newer version/);
      writeFileSync(path, whole);
      const identity = readFileSync(join(folder, 'epoch'), 'utf8');
      writeFileSync(join(folder, 'epoch'), identity.replace('"version":1', '"version":2'));
      expect(() => open(folder)).toThrow(StartRefused);
      writeFileSync(join(folder, 'epoch'), identity);
      rmSync(path);
      expect(() => open(folder)).toThrow(/files are missing/);
    });
  });

  it('goes on behind the mark of a clean stop', () => {
    withFolder((folder) => {
      const raws: string[] = [];
      for (let life = 0; life < 5; life += 1) {
        const journal = open(folder);
        append(journal, sent(life));
        raws.push(sent(life).raw);
        journal.commit();
        journal.close();
        journal.close();
      }
      const journal = open(folder);
      expect([...readAll(journal, 1).values()]).toEqual(raws);
      journal.close();
    });
  });
});

describe('reading', () => {
  it('gives a record alone that is larger than asked for, from anywhere among small ones', () => {
    withFolder((folder) => {
      const journal = open(folder);
      for (const padding of [0, 0, 500_000, 0, 12_000, 12_000, 0, 300_000, 0]) {
        append(journal, sent(padding, padding));
      }
      journal.commit();
      for (let seq = journal.firstSeq; seq <= journal.head; seq += 1) {
        const chunk = journal.read(seq, 1, journal.head);
        expect([chunk.first, chunk.count]).toEqual([seq, 1]);
        expect([...eventsOf(chunk)].map((event) => event.seq)).toEqual([seq]);
      }
      journal.close();
    });
  });

  it('ends a day at the change of received, and only then', () => {
    withFolder((folder) => {
      const journal = open(folder, { segmentBytesMax: 900 });
      for (const day of [1, 1, 1, 2, 2, 3]) {
        append(journal, sent(day, 0, day));
        journal.commit();
      }
      const first = journal.firstSeq;
      const days = [first, first + 1, first + 3, first + 5].map((from) =>
        readDay(journal, from, 1_000_000, journal.head),
      );
      expect(days.map(({ count }) => count)).toEqual([3, 2, 2, 1]);
      expect(readDay(journal, first, 1_000_000, first + 1).count).toBe(2);
      journal.close();
    });
  });

  it('of what was trimmed is a failure with a name, and of what is not there yet is empty', () => {
    withFolder((folder) => {
      const journal = open(folder, { segmentBytesMax: 900 });
      for (let round = 0; round < 5; round += 1) put(journal, 2);
      append(journal, sent(99));
      expect(journal.read(journal.head + 1, 1_000, journal.appended).count).toBe(0);
      journal.advanceCheckpoint(journal.head);
      journal.trim();
      expect(journal.oldest).toBeGreaterThan(journal.firstSeq);
      expect(failureOf(() => journal.read(journal.oldest - 1, 1_000, journal.head))).toBe('pastRetention');
      journal.close();
    });
  });
});

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

describe('a failing disk', () => {
  it('makes the journal dead if it cannot be cut back, until a restart', () => {
    withFolder((folder) => {
      const disk = new Disk();
      const journal = open(folder, {}, disk);
      put(journal, 1);
      const { head } = journal;
      disk.writes = [10, 'ENOSPC'];
      disk.truncateError = 'EIO';
      append(journal, sent(5));
      expect(failureOf(() => journal.commit())).toBe('journalFailed');
      expect(journal.failed?.failure).toBe('journalFailed');
      expect([journal.head, journal.appended]).toEqual([head, head]);
      expect(failureOf(() => append(journal, sent(6)))).toBe('journalFailed');
      expect(readAll(journal).size).toBe(1);
      journal.close();
      const again = open(folder);
      expect(again.head).toBe(head);
      again.close();
    });
  });

  it('names a full disk and any other error apart', () => {
    withFolder((folder) => {
      const disk = new Disk();
      const journal = open(folder, { segmentBytesMax: 1_000 }, disk);
      for (const [code, failure] of [
        ['ENOSPC', 'journalFull'],
        ['EIO', 'journalFailed'],
      ] as const) {
        put(journal, 2);
        append(journal, sent(3));
        disk.writes = [code];
        expect(failureOf(() => journal.commit())).toBe(failure);
        expect(journal.failed).toBeNull();
      }
      disk.writes = [0];
      append(journal, sent(3));
      expect(failureOf(() => journal.commit())).toBe('journalFailed');
      put(journal, 1);
      journal.close();
    });
  });

  it('is dead if a new segment fails and cannot be removed', () => {
    withFolder((folder) => {
      const disk = new Disk();
      const journal = open(folder, { segmentBytesMax: 500 }, disk);
      put(journal, 2);
      disk.writes = ['ENOSPC'];
      disk.unlinkError = 'EIO';
      append(journal, sent(3));
      expect(failureOf(() => journal.commit())).toBe('journalFailed');
      expect(journal.failed).not.toBeNull();
      journal.close();
      const again = open(folder);
      expect(readAll(again).size).toBe(2);
      again.close();
    });
  });
});

describe('syncing', () => {
  it('does nothing in process mode', async () => {
    await withFolder(async (folder) => {
      const disk = new Disk();
      const journal = open(folder, {}, disk);
      disk.counts.sync = 0;
      put(journal, 1);
      journal.sync();
      await journal.syncLater();
      expect([disk.counts.sync, disk.counts.syncLater]).toEqual([0, 0]);
      expect(journal.durable).toBe(journal.head);
      disk.kill();
    });
  });

  it('shares one fdatasync among all who wait, and covers what was committed at the call', async () => {
    await withFolder(async (folder) => {
      const disk = new Disk();
      const journal = open(folder, { durability: 'fsync', segmentBytesMax: 2_000 }, disk);
      put(journal, 1);
      const first = journal.syncLater();
      put(journal, 1);
      const rest = [journal.syncLater(), journal.syncLater(), journal.syncLater()];
      await first;
      await Promise.all(rest);
      expect(disk.counts.syncLater).toBe(2);
      expect(journal.durable).toBe(journal.head);
      await journal.syncLater();
      expect(disk.counts.syncLater).toBe(2);
      put(journal, 1);
      const running = journal.syncLater();
      for (let round = 0; round < 10; round += 1) put(journal, 1, 100);
      await running;
      expect(journal.durable).toBeLessThan(journal.head);
      journal.sync();
      expect(journal.durable).toBe(journal.head);
      expect(segmentFiles(folder).length).toBeGreaterThan(1);
      journal.close();
    });
  });

  it('writes zeros ahead, so that fdatasync finds its blocks; neither a kill nor a clean stop leaves more than records behind', () => {
    withFolder((folder) => {
      const disk = new Disk();
      const journal = open(folder, { durability: 'fsync', segmentBytesMax: 200_000 }, disk);
      put(journal, 3);
      const [path = ''] = segmentFiles(folder);
      expect(statSync(path).size).toBe(200_000);
      disk.kill();
      const again = open(folder, { durability: 'fsync', segmentBytesMax: 200_000 }, disk);
      expect(readAll(again).size).toBe(3);
      put(again, 3);
      disk.writes = [10, 'EIO'];
      append(again, sent(9));
      expect(failureOf(() => again.commit())).toBe('journalFailed');
      put(again, 200, 300);
      expect(segmentFiles(folder).length).toBeGreaterThan(1);
      expect(readAll(again).size).toBe(206);
      again.close();
      const bytes = segmentFiles(folder).reduce((sum, file) => sum + statSync(file).size, 0);
      expect(bytes).toBe(again.bytes + recordHeaderBytes);
    });
  });

  it('is never tried again after it failed: the journal is dead', async () => {
    await withFolder(async (folder) => {
      for (const isLater of [true, false]) {
        const disk = new Disk();
        const journal = open(folder, { durability: 'fsync' }, disk);
        put(journal, 1);
        disk.syncError = 'EIO';
        if (isLater) await expect(journal.syncLater()).rejects.toThrow(/could not be synced/);
        else expect(failureOf(() => journal.sync())).toBe('journalFailed');
        disk.syncError = '';
        expect(journal.durable).toBeLessThan(journal.head);
        expect(failureOf(() => journal.sync())).toBe('journalFailed');
        await expect(journal.syncLater()).rejects.toThrow(Failure);
        expect(failureOf(() => append(journal, sent(1)))).toBe('journalFailed');
        journal.close();
      }
    });
  });
});

it('computes one checksum natively and by table', () => {
  const bytes = Buffer.from('123456789');
  expect([crc32(bytes), byTable(bytes)]).toEqual([0xcbf43926, 0xcbf43926]);
});

it('leaves nothing open or locked behind that keeps a folder from being removed', () => {
  const folder = withFolder((made) => {
    open(made).close();
    return made;
  });
  expect(existsSync(folder)).toBe(false);
});
