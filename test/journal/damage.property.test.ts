/**
 * I1 under damage: whatever is cut or flipped, no committed record is silently wrong or missing. Either the start is
 * refused, or only the end of the last segment is cut where nothing whole follows.
 */
import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StartRefused } from '../../src/base/errors.ts';
import { segmentHeaderBytes } from '../../src/journal/segment-header.ts';
import { append, Disk, open, readAll, segmentFiles, sent, withFolder } from './support.ts';

interface Journals {
  readonly paths: readonly string[];
  readonly originals: readonly Buffer[];
  readonly events: readonly [number, string][];
  /** Where each event's record begins in the last segment. */
  readonly lastRecords: readonly number[];
}

/** Some segments, the last one with `tail` events; ended by a clean stop or killed. */
function makeJournal(folder: string, tail: number, isClean: boolean): Journals {
  const disk = new Disk();
  const journal = open(folder, { segmentBytesMax: 900 }, disk);
  const lastRecords: number[] = [];
  const put = (number: number): void => {
    append(journal, sent(number, number % 3));
    journal.commit();
  };
  for (let number = 0; segmentCount() < 3; number += 1) put(number);
  for (let number = 100; number < 100 + tail - 1; number += 1) put(number);
  const path = segmentFiles(folder).at(-1)!;
  let at = segmentHeaderBytes;
  const whole = readFileSync(path);
  while (at < whole.length) {
    lastRecords.push(at);
    at += 20 + whole.readUInt32LE(at);
  }
  const events = [...readAll(journal)];
  if (isClean) journal.close();
  disk.kill();
  const paths = segmentFiles(folder);
  return { paths, originals: paths.map((name) => readFileSync(name)), events, lastRecords };

  function segmentCount(): number {
    return segmentFiles(folder).length;
  }
}

/**
 * What a start reads, or null if it is refused. With `goOn`, what was recovered is written on, and the next start
 * agrees.
 */
function restart(folder: string, goOn = true): [number, string][] | null {
  const disk = new Disk();
  try {
    const journal = open(folder, {}, disk);
    const found = [...readAll(journal)];
    if (!goOn) return found;
    const seq = append(journal, sent(999));
    journal.commit();
    disk.kill();
    const again = open(folder, {}, disk);
    expect([...readAll(again)].slice(0, -1)).toEqual(found);
    expect(again.head).toBe(seq);
    return found;
  } catch (error) {
    if (error instanceof StartRefused) {
      expect(error.message).toMatch(/seq \d+|header|missing/);
      return null;
    }
    throw error;
  } finally {
    disk.kill();
  }
}

function restore({ paths, originals }: Journals): void {
  paths.forEach((path, at) => {
    overwrite(path, originals[at]!);
  });
}

/** In place: a file that is emptied and written anew is flushed by ext4, and these tests do it by the thousand. */
function overwrite(path: string, bytes: Buffer): void {
  const file = openSync(path, existsSync(path) ? 'r+' : 'w');
  writeSync(file, bytes, 0, bytes.length, 0);
  ftruncateSync(file, bytes.length);
  closeSync(file);
}

describe('a torn journal', () => {
  it('loses exactly the records that a cut of the last segment took, at every byte', () => {
    for (const isClean of [false, true]) {
      withFolder((folder) => {
        const made = makeJournal(folder, 2, isClean);
        const path = made.paths.at(-1)!;
        const before = made.events.length - made.lastRecords.length;
        const eventBytes = isClean ? made.originals.at(-1)!.length - 20 : made.originals.at(-1)!.length;
        for (let length = made.originals.at(-1)!.length; length >= 0; length -= 1) {
          truncateSync(path, length);
          const whole = made.lastRecords.filter((_, at) => (made.lastRecords[at + 1] ?? eventBytes) <= length).length;
          expect(restart(folder, length % 8 === 0), `cut to ${length}`).toEqual(made.events.slice(0, before + whole));
          restore(made);
        }
      });
    }
  });

  it('takes zeros behind the last record for the end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_000 }), fc.boolean(), (zeros, isClean) =>
        withFolder((folder) => {
          const made = makeJournal(folder, 2, isClean);
          overwrite(made.paths.at(-1)!, Buffer.concat([made.originals.at(-1)!, Buffer.alloc(zeros)]));
          expect(restart(folder)).toEqual(made.events);
        }),
      ),
      { numRuns: 20 },
    );
  });

  it('refuses the start when an older segment is cut or gone', () => {
    withFolder((folder) => {
      const made = makeJournal(folder, 2, false);
      for (let length = 0; length < made.originals[1]!.length; length += 7) {
        truncateSync(made.paths[1]!, length);
        expect(restart(folder), `cut to ${length}`).toBeNull();
        restore(made);
      }
    });
  });
});

describe('a damaged journal', () => {
  it('is refused, or lacks only its last record, for every flipped byte', () => {
    for (const isClean of [false, true]) {
      withFolder((folder) => {
        const made = makeJournal(folder, 2, isClean);
        const lastEvent = made.lastRecords.at(-1)!;
        made.paths.forEach((path, nth) => {
          for (let at = 0; at < made.originals[nth]!.length; at += 1) {
            const bytes = Buffer.from(made.originals[nth]!);
            bytes[at]! ^= 1 << (at % 8);
            overwrite(path, bytes);
            const found = restart(folder);
            const isLast = nth === made.paths.length - 1;
            // Behind the last event there is only the mark of a clean stop, or nothing.
            if (isLast && isClean && at >= made.originals[nth]!.length - 20) expect(found).toEqual(made.events);
            else if (isLast && !isClean && at >= lastEvent) expect(found).toEqual(made.events.slice(0, -1));
            else expect(found, `${path} byte ${at}`).toBeNull();
            restore(made);
          }
        });
      });
    }
  });

  it('is refused, or keeps all that lies before the damage, for any run of overwritten bytes', () => {
    fc.assert(
      fc.property(
        fc.nat(2),
        fc.nat(2_000),
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.boolean(),
        (nth, offset, garbage, isClean) =>
          withFolder((folder) => {
            const made = makeJournal(folder, 3, isClean);
            const bytes = Buffer.from(made.originals[nth]!);
            const at = offset % bytes.length;
            bytes.set(garbage.subarray(0, bytes.length - at), at);
            overwrite(made.paths[nth]!, bytes);
            const found = restart(folder);
            if (found === null) return;
            expect(found).toEqual(made.events.slice(0, found.length));
            const before = made.events.length - made.lastRecords.length;
            const untouched =
              nth === 2 ? made.lastRecords.filter((_, n) => (made.lastRecords[n + 1] ?? at + 1) <= at) : [];
            if (nth === 2) expect(found.length).toBeGreaterThanOrEqual(before + untouched.length);
            else expect(found).toEqual(made.events);
          }),
      ),
      { numRuns: 150 },
    );
  });
});
