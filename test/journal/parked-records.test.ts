/**
 * I11 and I1 in the journal: parked events survive a restart until they are settled, hold their files, take no seq, and
 * give way to nothing that a rollback or a failing disk takes back.
 */
import { describe, expect, it } from 'vitest';
import type { Journal } from '../../src/journal/journal.ts';
import {
  append,
  Disk,
  kept,
  noReceipt,
  open,
  readAll,
  rowOf,
  segmentFiles,
  sent,
  tagOf,
  withFolder,
} from './support.ts';

const mebibyte = 1024 * 1024;

function park(journal: Journal, number: number, padding = 0): number {
  const { id, received, occurred, search, raw } = sent(number, padding);
  return journal.park(rowOf({ id, received, occurred, head: 3, search, raw }), noReceipt, tagOf({ id }));
}

function parkedIds(journal: Journal): string[] {
  return journal.parked.takeRows().map(({ id }) => id);
}

describe('parked events in the journal', () => {
  it('take no seq, are not read as events, and wait over restarts until they are settled', () => {
    withFolder((folder) => {
      let disk = new Disk();
      let journal = open(folder, {}, disk);
      const numbers = [1, 2, 3].map((number) => park(journal, number));
      expect(numbers).toEqual([1, 2, 3]);
      const seq = append(journal, sent(9));
      journal.commit();
      expect(seq).toBe(journal.firstSeq);
      expect(readAll(journal).size).toBe(1);
      disk.kill();

      disk = new Disk();
      journal = open(folder, {}, disk);
      const rows = journal.parked.takeRows();
      expect(rows.map((row) => row.seq)).toEqual(numbers);
      expect(rows.map(({ raw }) => raw)).toEqual([1, 2, 3].map((number) => sent(number).raw));
      expect(rows.map(({ tag }) => tag)).toEqual([0, 2, 0]);
      expect(journal.parked.takeRows()).toEqual([]);
      journal.settleParked(numbers[1]!);
      expect(park(journal, 4)).toBe(numbers[2]! + 1);
      journal.commit();
      journal.close();

      journal = open(folder);
      expect(parkedIds(journal)).toEqual([1, 3, 4].map((number) => sent(number).id));
      expect([...readAll(journal).keys()]).toEqual([seq]);
      journal.close();
    });
  });

  it('get the seq behind the head when they become events, and then wait no more', () => {
    withFolder((folder) => {
      const disk = new Disk();
      const journal = open(folder, {}, disk);
      const seq = append(journal, sent(9));
      const number = park(journal, 1);
      journal.commit();
      const { id, received, occurred, search, raw } = sent(1);
      const row = rowOf({ id, received, occurred, head: 3, search, raw });
      expect(journal.unpark(number, row, noReceipt)).toBe(seq + 1);
      expect(journal.lastRow().toString().endsWith(`\t${raw}`)).toBe(true);
      expect(append(journal, sent(8))).toBe(seq + 2);
      journal.commit();
      disk.kill();
      const next = open(folder);
      expect(parkedIds(next)).toEqual([]);
      expect([...readAll(next)]).toEqual([sent(9), sent(1), sent(8)].map((event, at) => [seq + at, event.raw]));
      next.close();
    });
  });

  it('are taken back from the first that is to go, and what came before in the same group stays', () => {
    withFolder((folder) => {
      const disk = new Disk();
      const journal = open(folder, {}, disk);
      const first = park(journal, 1);
      const seq = append(journal, sent(2));
      const { appended, parkedAppended } = journal;
      park(journal, 3);
      append(journal, sent(4));
      journal.rollBack(appended, parkedAppended);
      expect([journal.appended, journal.parkedAppended]).toEqual([seq, first]);
      disk.writes = ['EIO'];
      expect(() => journal.commit()).toThrow();
      expect([journal.hasPending, journal.committed.parked]).toEqual([false, 0]);
      park(journal, 5);
      journal.commit();
      disk.kill();
      const next = open(folder);
      expect(parkedIds(next)).toEqual([sent(5).id]);
      next.close();
    });
  });

  it('are lost only with what a cut of the file took, at steps of seven bytes', () => {
    withFolder((folder) => {
      const disk = new Disk();
      const journal = open(folder, {}, disk);
      const ends = [1, 2, 3].map((number) => {
        park(journal, number);
        journal.commit();
        return journal.bytes;
      });
      disk.kill();
      const [path] = segmentFiles(folder);
      for (let bytes = ends[2]!; bytes >= ends[0]!; bytes -= 7) {
        const cutter = new Disk();
        cutter.truncate(cutter.open(path!, 'change'), bytes);
        cutter.kill();
        const next = open(folder);
        expect(parkedIds(next)).toHaveLength(ends.filter((end) => end <= bytes).length);
        next.close();
      }
    });
  });

  it('hold their file until they are settled, and no longer', () => {
    withFolder((folder) => {
      const journal = open(folder, { segmentBytesMax: 2000 });
      const number = park(journal, 1);
      journal.holdParked(number);
      for (let n = 2; n < 20; n += 1) {
        append(journal, sent(n, 100));
        journal.commit();
      }
      const files = segmentFiles(folder).length;
      journal.advanceCheckpoint(journal.head);
      journal.trim();
      expect(segmentFiles(folder)).toHaveLength(files);
      journal.holdParked(Number.POSITIVE_INFINITY);
      journal.trim();
      expect(segmentFiles(folder)).toHaveLength(1);
      journal.close();
    });
  });

  it('never fill the disk budget with what is settled, though no event comes', () => {
    withFolder((folder) => {
      const journal = open(folder, { budgetBytesMax: mebibyte, segmentBytesMax: 64 * 1024 });
      for (let n = 0; n < 4000; n += 1) {
        const number = park(journal, n, 100);
        journal.holdParked(number);
        journal.commit();
        journal.settleParked(number);
        journal.commit();
        journal.holdParked(Number.POSITIVE_INFINITY);
      }
      expect(journal.bytes).toBeLessThan(mebibyte);
      const last = park(journal, 5000);
      journal.commit();
      journal.close();
      const next = open(folder);
      expect(next.parked.takeRows().map(({ seq }) => seq)).toEqual([last]);
      next.close();
    });
  });

  it('are durable by an fdatasync of their own in fsync mode, be there an event or not', async () => {
    await withFolder(async (folder) => {
      const disk = new Disk();
      const journal = open(folder, { durability: 'fsync' }, disk);
      const before = disk.counts.syncLater;
      park(journal, 1);
      journal.commit();
      await kept(journal);
      expect([disk.counts.syncLater, journal.horizon.parked]).toEqual([before + 1, 1]);
      journal.commit();
      await kept(journal);
      expect(disk.counts.syncLater).toBe(before + 1);
      const syncs = disk.counts.sync;
      park(journal, 2);
      journal.commitNow();
      expect(disk.counts.sync).toBe(syncs + 1);
      journal.close();
    });
  });
});
