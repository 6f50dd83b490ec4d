/**
 * A disk that fails, and one that is synced: what the journal says is durable is, and what it cannot say makes it
 * refuse.
 */
import { statSync } from 'node:fs';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { recordHeaderBytes } from '../../src/base/record.ts';
import { append, Disk, failureOf, kept, open, put, readAll, segmentFiles, sent, withFolder } from './support.ts';

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
      expect(journal.horizon.ticket).toBe(journal.head);
      append(journal, sent(2));
      journal.commitNow();
      expect(journal.horizon.ticket).toBe(journal.head);
      await new Promise((resolve) => setImmediate(resolve));
      expect([disk.counts.sync, disk.counts.syncLater]).toEqual([0, 0]);
      disk.kill();
    });
  });

  it('is one fdatasync for all that is committed while another runs, and covers what was committed when it began', async () => {
    await withFolder(async (folder) => {
      const disk = new Disk();
      const journal = open(folder, { durability: 'fsync', segmentBytesMax: 2_000 }, disk);
      for (let group = 0; group < 4; group += 1) put(journal, 1);
      await kept(journal);
      expect(disk.counts.syncLater).toBe(2);
      expect(journal.horizon.ticket).toBe(journal.head);
      journal.commit();
      expect(disk.counts.syncLater).toBe(2);
      put(journal, 1);
      const moved = firstValueFrom(journal.horizon$);
      for (let round = 0; round < 10; round += 1) put(journal, 1, 100);
      await moved;
      expect(journal.horizon.ticket).toBeLessThan(journal.head);
      journal.commitNow();
      expect(journal.horizon.ticket).toBe(journal.head);
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
        const told = firstValueFrom(journal.horizon$);
        told.catch(() => undefined);
        append(journal, sent(1));
        disk.syncError = 'EIO';
        if (isLater) {
          journal.commit();
          await expect(told).rejects.toThrow(/could not be synced/);
        } else expect(failureOf(() => journal.commitNow())).toBe('journalFailed');
        disk.syncError = '';
        const syncs = disk.counts.sync + disk.counts.syncLater;
        expect(journal.horizon.ticket).toBeLessThan(journal.head);
        expect(failureOf(() => journal.commitNow())).toBe('journalFailed');
        expect(failureOf(() => append(journal, sent(1)))).toBe('journalFailed');
        journal.commit();
        await new Promise((resolve) => setImmediate(resolve));
        expect(disk.counts.sync + disk.counts.syncLater).toBe(syncs);
        expect(journal.horizon.ticket).toBeLessThan(journal.head);
        journal.close();
      }
    });
  });
});
