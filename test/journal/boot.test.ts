/**
 * What a changed boot, a clean stop and an order to recover mean (I1): after a clean stop, or in the same boot, damage
 * is damage.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { harm, killed, nextBoot, putEach } from './killed-journal.ts';
import { Disk, open, readAll, segmentFiles, withFolder } from './support.ts';

describe('a changed boot', () => {
  it.each(['process', 'fsync'] as const)('means nothing after a clean stop (%s)', (durability) => {
    withFolder((folder) => {
      const before = killed(folder, { durability }, true);
      const journal = nextBoot(folder, { durability });
      expect([journal.epoch, journal.head]).toEqual([before.epoch, before.head]);
      expect(readAll(journal).size).toBe(8);
      journal.close();
    });
  });

  it('means that a run behind a clean stop can be gone as a whole, and its seqs are not given again', () => {
    withFolder((folder) => {
      const before = killed(folder, {}, true);
      const files = segmentFiles(folder).map((path) => ({ path, bytes: readFileSync(path) }));
      const disk = new Disk();
      const gone = open(folder, {}, disk);
      putEach(gone, [8, 9]);
      disk.kill();
      for (const { path, bytes } of files) writeFileSync(path, bytes);
      const journal = nextBoot(folder);
      expect(journal.epoch).not.toBe(before.epoch);
      expect(journal.firstSeq).toBeGreaterThan(gone.head);
      journal.close();
    });
  });

  it.each(['process', 'fsync'] as const)('excuses no damage after a clean stop (%s)', (durability) => {
    withFolder((folder) => {
      killed(folder, { durability }, true);
      for (const path of segmentFiles(folder)) {
        const whole = readFileSync(path);
        harm(path, 100);
        expect(() => nextBoot(folder, { durability })).toThrow(/sluice recover/);
        writeFileSync(path, whole);
      }
    });
  });

  it('counts by the mode that wrote the journal, not by the one that opens it', () => {
    withFolder((folder) => {
      killed(folder, {});
      harm(segmentFiles(folder)[0]!, 100);
      const journal = nextBoot(folder, { durability: 'fsync' });
      expect(journal.aside.files).toBeGreaterThan(1);
      journal.close();
    });
  });
});

describe('a clean stop', () => {
  it('syncs every file and its name before it says so, in process mode too', () => {
    withFolder((folder) => {
      const disk = new Disk();
      const journal = open(folder, { segmentBytesMax: 1_500 }, disk);
      putEach(journal, [0, 1, 2, 3, 4, 5]);
      const files = segmentFiles(folder).length;
      expect(files).toBeGreaterThan(1);
      disk.counts.sync = 0;
      journal.close();
      // And the epoch file, the active file's mark and the note itself.
      expect(disk.counts.sync).toBe(files + 3);
    });
  });
});

describe('recovery by order', () => {
  it('keeps what is good, sets the rest aside and begins a new epoch, whatever is damaged', () => {
    withFolder((folder) => {
      const before = killed(folder, {});
      const files = segmentFiles(folder);
      harm(files[1]!, 100);
      expect(() => open(folder)).toThrow(/sluice recover/);
      const journal = open(folder, { isForced: true });
      expect(journal.firstSeq).toBeGreaterThan(before.head);
      expect(journal.aside.events).toBeGreaterThan(0);
      journal.close();
      const again = open(folder);
      expect(readAll(again).size).toBeGreaterThan(0);
      again.close();
    });
  });

  it('goes on as a new owner if the epoch file is lost or damaged', () => {
    for (const text of [null, 'not JSON']) {
      withFolder((folder) => {
        const before = killed(folder, {});
        if (text === null) rmSync(join(folder, 'epoch'));
        else writeFileSync(join(folder, 'epoch'), text);
        expect(() => open(folder)).toThrow(
          text === null ? /is missing.*sluice recover/ : /epoch is damaged.*sluice recover/,
        );
        const journal = open(folder, { isForced: true });
        expect(journal.owner).not.toBe(before.owner);
        expect(readAll(journal).size).toBe(8);
        putEach(journal, [8]);
        // Of both epochs, without the seqs between them that nobody got.
        expect([journal.pending, journal.head - journal.checkpoint > 9]).toEqual([9, true]);
        journal.close();
      });
    }
  });
});
