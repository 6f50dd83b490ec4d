/**
 * What becomes of files that ClickHouse has no more need of: they go from the oldest on, for good, with their
 * descriptors, and one that the disk keeps is still the journal's.
 */
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeFiles } from '../../src/base/file-port.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { PowerCutDisk } from './power-cut-disk.ts';
import { append, Disk, open, put, readAll, segmentFiles, sent, systemError, withFolder } from './support.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const options = { segmentBytesMax: 1_000 };

/** Some files, all of them read, so that their descriptors are held. */
function fill(journal: Journal, groups = 12): void {
  for (let group = 0; group < groups; group += 1) put(journal, 1);
  readAll(journal);
  journal.advanceCheckpoint(journal.head);
}

/** A disk that knows which files are open. */
class WatchedDisk extends Disk {
  readonly held = new Map<number, string>();

  override open(path: string, how: Parameters<Disk['open']>[1]): number {
    const file = super.open(path, how);
    this.held.set(file, path);
    return file;
  }
  override close(file: number): void {
    this.held.delete(file);
    super.close(file);
  }
}

describe('a file that goes', () => {
  it('takes its descriptor along: what is removed takes no room on the disk', async () => {
    for (const trim of ['trim', 'trimLater'] as const) {
      await withFolder(async (folder) => {
        const disk = new WatchedDisk();
        const journal = open(folder, options, disk);
        fill(journal);
        journal[trim]();
        for (let turns = 0; turns < 50; turns += 1) await turn();
        const there = segmentFiles(folder);
        expect(there).toHaveLength(1);
        expect([...disk.held.values()].filter((path) => path.endsWith('.seg') && !there.includes(path))).toEqual([]);
        journal.close();
        expect([...disk.held.values()].filter((path) => path.endsWith('.seg'))).toEqual([]);
      });
    }
  });

  it('is gone for good before the next one goes, also where one was under way', () => {
    const disk = new PowerCutDisk('/data');
    const journal = open('/data', options, disk);
    fill(journal);
    journal.trimLater();
    const order = disk.removals();
    journal.trim();
    // The file of the removal under way has lost its name already; that this is on the disk is made sure first.
    expect(order.slice(0, 4)).toEqual(['unlink', 'sync', 'unlink', 'sync']);
    journal.close();
  });

  it('is still there, and counted, while the disk does not let it go, and is tried again', async () => {
    await withFolder(async (folder) => {
      const disk = new Disk();
      const journal = open(folder, options, disk);
      fill(journal);
      const { oldest, bytes } = journal;
      disk.unlinkError = 'EIO';
      journal.trimLater();
      await turn();
      expect([journal.oldest, journal.bytes]).toEqual([oldest, bytes]);
      journal.trim();
      expect([journal.oldest, journal.bytes]).toEqual([oldest, bytes]);
      expect(readAll(journal).size).toBe(12);
      disk.unlinkError = '';
      journal.trimLater();
      for (let turns = 0; turns < 50; turns += 1) await turn();
      expect(segmentFiles(folder)).toHaveLength(1);
      expect(journal.bytes).toBeLessThan(1_000);
      journal.close();
    });
  });

  it('is gone if somebody else has removed it', async () => {
    for (const trim of ['trim', 'trimLater'] as const) {
      await withFolder(async (folder) => {
        const disk = new Disk();
        const journal = open(folder, options, disk);
        fill(journal);
        disk.unlinkError = 'ENOENT';
        journal[trim]();
        for (let turns = 0; turns < 50; turns += 1) await turn();
        expect(journal.oldest).toBeGreaterThan(journal.firstSeq);
        journal.close();
      });
    }
  });

  it('does not come back when its removal is told late to have failed', async () => {
    await withFolder(async (folder) => {
      let fail: (error: Error) => void = () => undefined;
      const journal = open(folder, options, {
        ...nodeFiles,
        unlinkLater: () =>
          new Promise((_, reject) => {
            fail = reject;
          }),
      });
      fill(journal);
      journal.trimLater();
      journal.trim();
      const { oldest, bytes } = journal;
      fail(systemError('EIO'));
      await turn();
      expect([journal.oldest, journal.bytes]).toEqual([oldest, bytes]);
      expect(segmentFiles(folder)).toHaveLength(1);
      journal.close();
    });
  });

  it('stays as long as it fits what is kept past the checkpoint, to the byte', () => {
    withFolder((folder) => {
      const first = open(folder, options);
      fill(first);
      const sizes = segmentFiles(folder).map((path) => nodeFiles.bytes(nodeFiles.open(path, 'read')));
      first.close();
      const inserted = sizes.slice(0, -1);
      const lastTwo = inserted.slice(-2).reduce((sum, bytes) => sum + bytes, 0);
      for (const [keepBytesPastCheckpoint, files] of [
        [lastTwo, 3],
        [lastTwo - 1, 2],
      ] as const) {
        const journal = open(folder, { ...options, keepBytesPastCheckpoint, checkpoint: first.head });
        journal.trim();
        expect(segmentFiles(folder).map((path) => basename(path))).toHaveLength(files);
        journal.close();
      }
    });
  });
});

describe('a file that is missing between two others', () => {
  it('refuses the start, whichever it is', () => {
    withFolder((folder) => {
      const disk = new Disk();
      const journal = open(folder, options, disk);
      fill(journal, 9);
      disk.kill();
      const [, ...later] = segmentFiles(folder);
      for (const path of later.slice(0, -1)) {
        nodeFiles.rename(path, `${path}.away`);
        expect(() => open(folder, options, disk)).toThrow(/missing or cut/);
        disk.kill();
        nodeFiles.rename(`${path}.away`, path);
      }
      const again = open(folder, options, disk);
      expect(again.head).toBe(journal.head);
      again.close();
    });
  });
});

describe('a record that is harmed while the journal is open', () => {
  it('is never given out: reading fails with a name, and what lies before it is read', () => {
    withFolder((folder) => {
      const journal = open(folder);
      const events = [0, 1, 2, 3].map((number) => sent(number, 40));
      for (const event of events) append(journal, event);
      journal.commit();
      const [path = ''] = segmentFiles(folder);
      const file = nodeFiles.open(path, 'change');
      const whole = Buffer.alloc(nodeFiles.bytes(file));
      nodeFiles.read(file, whole, 0, whole.length, 0);
      const third = whole.indexOf(events[2]!.id) - 30;
      for (let at = third; at < whole.length; at += 13) {
        nodeFiles.write(file, Buffer.from([whole[at]! ^ 4]), 0, 1, at);
        const found: string[] = [];
        expect(() => {
          for (let from = journal.firstSeq; from <= journal.head; from += 1) {
            found.push(journal.read(from, 1, from).rows.toString());
          }
        }).toThrow(/damaged at byte/);
        for (const [nth, row] of found.entries()) expect(row.endsWith(`\t${events[nth]!.raw}\n`)).toBe(true);
        nodeFiles.write(file, whole, at, 1, at);
      }
      nodeFiles.close(file);
      expect(readAll(journal).size).toBe(4);
      journal.close();
    });
  });
});
