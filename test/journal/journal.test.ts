/**
 * The journal's rules one by one: epochs and seqs, what makes a start refuse, and reading at bounds.
 */
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { byTable, crc32 } from '../../src/base/crc32.ts';
import { StartRefused } from '../../src/base/errors.ts';
import { recordHeaderBytes, sealRecord } from '../../src/base/record.ts';
import { eventsOf } from '../../support/stored-events.ts';
import {
  append,
  clockStart,
  Disk,
  failureOf,
  open,
  put,
  readAll,
  readDay,
  segmentFiles,
  sent,
  withFolder,
} from './support.ts';

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
      sealRecord(unknown, 0, 99, head, 0);
      const path = segmentFiles(folder)[0]!;
      const whole = readFileSync(path);
      appendFileSync(path, unknown);
      expect(() => open(folder)).toThrow(/kind 99.*newer version/);
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
