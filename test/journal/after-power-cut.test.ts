/**
 * What a power cut means without a clean stop (I1): in process mode the start never refuses, in fsync mode only what
 * was never acknowledged is cut.
 */
import { rmSync, truncateSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { StartRefused } from '../../src/base/errors.ts';
import { createLog, type Log } from '../../src/base/log.ts';
import { segmentHeaderBytes } from '../../src/journal/segment-header.ts';
import { asideFiles, harm, killed, nextBoot, putEach } from './killed-journal.ts';
import {
  append,
  clockStart,
  Disk,
  noReceipt,
  open,
  readAll,
  rowOf,
  segmentFiles,
  sent,
  withFolder,
} from './support.ts';

describe('after a power cut in process mode', () => {
  it('the journal ends at the first bad record anywhere, the rest is set aside and counted, and a new epoch begins', () => {
    withFolder((folder) => {
      const before = killed(folder, {});
      const files = segmentFiles(folder);
      harm(files[1]!, 100);
      const journal = nextBoot(folder);
      const kept = [...readAll(journal).values()];
      expect(kept).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((number) => sent(number).raw).slice(0, kept.length));
      expect(kept.length).toBeGreaterThan(0);
      expect(kept.length).toBeLessThan(8);
      expect(journal.epoch).not.toBe(before.epoch);
      expect(journal.owner).toBe(before.owner);
      expect(journal.firstSeq).toBeGreaterThan(before.head);
      expect(journal.aside).toMatchObject({ files: files.length - 1, newestSeq: before.head });
      expect(journal.aside.events).toBe(8 - kept.length - 1);
      expect(asideFiles(folder)).toHaveLength(files.length);
      putEach(journal, [9]);
      journal.close();
      const again = nextBoot(folder);
      expect(again.epoch).toBe(journal.epoch);
      expect([...readAll(again).values()]).toEqual([...kept, sent(9).raw]);
      again.close();
    });
  });

  it('parked events are counted among what is set aside, but for those that are settled there, and logged with it', () => {
    withFolder((folder) => {
      const disk = new Disk();
      const before = open(folder, { segmentBytesMax: 1_500 }, disk);
      const parkedNow = [10, 11, 12, 13].map((number) => {
        putEach(before, [number, number + 10]);
        const { id, received, occurred, search, raw } = sent(number + 20);
        const parked = before.park(rowOf({ id, received, occurred, head: 3, search, raw }), noReceipt);
        before.commit();
        return parked;
      });
      before.settleParked(parkedNow[2]!);
      putEach(before, [50]);
      disk.kill();
      const files = segmentFiles(folder);
      expect(files.length).toBeGreaterThan(3);
      // The first parked event is before the damage; of the other three one is settled.
      harm(files[1]!, 100);
      const logged: unknown[] = [];
      const log = { ...createLog('silent'), error: (fields: unknown) => logged.push(fields) } as unknown as Log; // all that is called
      const journal = nextBoot(folder, { log });
      expect(journal.parked.takeRows().map(({ seq }) => seq)).toEqual([parkedNow[0]]);
      expect(journal.aside.parked).toBe(2);
      expect(logged).toContainEqual(expect.objectContaining({ parked: 2, events: journal.aside.events }));
      journal.close();
    });
  });

  it('a new epoch begins even if nothing is bad, for seqs may have been given out that are gone', () => {
    withFolder((folder) => {
      const before = killed(folder, {});
      rmSync(segmentFiles(folder).at(-1)!);
      const journal = nextBoot(folder, { checkpoint: before.head });
      expect(journal.epoch).not.toBe(before.epoch);
      expect(journal.firstSeq).toBeGreaterThan(before.head);
      expect(journal.checkpoint).toBe(journal.firstSeq - 1);
      expect(journal.aside.folder).toBeNull();
      journal.close();
    });
  });

  // The first was found by test/crash, as "EEXIST: file already exists": nothing was written between two cuts in one
  // second.
  it.each([
    ['began with', 'nothing', (): void => undefined],
    ['lost', 'all its events', (path: string): void => truncateSync(path, segmentHeaderBytes)],
    ['lost', 'all its files', (path: string): void => rmSync(path)],
  ])('an epoch that %s %s shares no seq with one begun in the same second, or by a clock set back', (_, what, lose) => {
    for (const now of [clockStart + 999, clockStart - 3_600_000]) {
      withFolder((folder) => {
        const disk = new Disk();
        const before = open(folder, {}, disk);
        if (what !== 'nothing') putEach(before, [0, 1, 2]);
        disk.kill();
        for (const path of segmentFiles(folder)) lose(path);
        const journal = open(folder, {}, disk, () => now, 'boot 2');
        expect(journal.epoch).not.toBe(before.epoch);
        expect(journal.firstSeq).toBeGreaterThan(Math.max(before.head, before.firstSeq));
        putEach(journal, [3]);
        disk.kill();
        const again = open(folder, {}, disk, () => now, 'boot 3');
        expect(again.firstSeq).toBeGreaterThan(journal.head);
        putEach(again, [4]);
        again.close();
      });
    }
  });

  it('the start goes on without any of the files', () => {
    withFolder((folder) => {
      const before = killed(folder, {});
      for (const path of segmentFiles(folder)) rmSync(path);
      const journal = nextBoot(folder);
      expect([journal.owner, journal.head]).toEqual([before.owner, journal.firstSeq - 1]);
      journal.close();
    });
  });

  it('a crash while setting aside leaves the next start the same to do', () => {
    withFolder((folder) => {
      killed(folder, {});
      harm(segmentFiles(folder)[1]!, 0);
      class Crashing extends Disk {
        override truncate(): void {
          throw new Error('killed');
        }
        renames = 2;
        override rename = (from: string, to: string): void => {
          this.renames -= 1;
          if (this.renames < 0) throw new Error('killed');
          new Disk().rename(from, to);
        };
      }
      const disk = new Crashing();
      expect(() => open(folder, {}, disk, () => clockStart + 1_000, 'boot 2')).toThrow('killed');
      disk.kill();
      const journal = nextBoot(folder);
      expect(readAll(journal).size).toBeGreaterThan(0);
      putEach(journal, [9]);
      journal.close();
      expect(readAll(nextBoot(folder)).size).toBeGreaterThan(1);
    });
  });
});

describe('after a power cut in fsync mode', () => {
  const options = { durability: 'fsync' } as const;

  it('a gap above the last sync is cut with the whole records behind it, and the epoch goes on', () => {
    withFolder((folder) => {
      const disk = new Disk();
      const journal = open(folder, options, disk);
      putEach(journal, [0, 1]);
      journal.commitNow();
      const { bytes } = journal;
      const durable = journal.horizon.ticket;
      putEach(journal, [2, 3, 4]);
      disk.kill();
      harm(segmentFiles(folder)[0]!, bytes + 8, 60);
      expect(() => open(folder, options)).toThrow(/sluice recover/);
      const again = nextBoot(folder, options);
      expect([again.head, again.epoch]).toEqual([durable, journal.epoch]);
      putEach(again, [5]);
      expect([...readAll(again).values()]).toEqual([0, 1, 5].map((number) => sent(number).raw));
      again.close();
    });
  });

  it('what was cut is gone: behind a shorter record and a kill, nothing of it is found again', () => {
    withFolder((folder) => {
      const disk = new Disk();
      const journal = open(folder, options, disk);
      putEach(journal, [0]);
      journal.commitNow();
      const { bytes } = journal;
      append(journal, sent(1, 200));
      append(journal, sent(2));
      journal.commit();
      disk.kill();
      harm(segmentFiles(folder)[0]!, bytes + 8, 60);
      const cutDisk = new Disk();
      const cut = open(folder, options, cutDisk, () => clockStart + 60_000, 'boot 2');
      putEach(cut, [5]);
      cutDisk.kill();
      const again = nextBoot(folder, options);
      expect([...readAll(again).values()]).toEqual([0, 5].map((number) => sent(number).raw));
      again.close();
    });
  });

  it('a bad record below what a mark says was synced is refused', () => {
    withFolder((folder) => {
      const disk = new Disk();
      const journal = open(folder, options, disk);
      putEach(journal, [0]);
      const { bytes } = journal;
      putEach(journal, [1, 2]);
      journal.commitNow();
      putEach(journal, [3]);
      disk.kill();
      harm(segmentFiles(folder)[0]!, bytes + 8);
      expect(() => nextBoot(folder, options)).toThrow(/damaged at byte .* good up to seq .*sluice recover/);
    });
  });

  it('a bad older file is refused: it was synced before the next one was made', () => {
    withFolder((folder) => {
      killed(folder, options);
      harm(segmentFiles(folder)[0]!, 100);
      expect(() => nextBoot(folder, options)).toThrow(StartRefused);
    });
  });
});
