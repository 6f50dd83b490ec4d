/**
 * The files of the audit log, as laws: whoever writes, and wherever the disk fails, what is there is whole lines in the
 * order of their writers, the newest of them, within the bound.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AuditFiles } from '../../src/access/audit-files.ts';
import { Disk } from '../journal/support.ts';

const options = { kind: 'entries', fileBytesMax: 200, filesMax: 3 };

interface Line {
  readonly writer: number;
  readonly nth: number;
  readonly text: string;
}

/** The files in their order, the lines of each. What is half a line is left out. */
function read(folder: string): { readonly bytes: number; readonly lines: readonly Line[] }[] {
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const text = readFileSync(join(folder, name), 'utf8');
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
      const lines = text.split('\n').flatMap((line) => {
        try {
          return [JSON.parse(line) as Line]; // written below
        } catch {
          return [];
        }
      });
      return { bytes: Buffer.byteLength(text), lines };
    });
}

const step = fc.record({
  writer: fc.constantFrom(0, 1),
  text: fc.string({ maxLength: 120, unit: 'grapheme' }),
  /**
   * What the disk does with the write: all, so many bytes and then no room, or its end and a start on the same files.
   */
  disk: fc.oneof(
    { weight: 5, arbitrary: fc.constant('well') },
    fc.constant('restart'),
    fc.integer({ min: 1, max: 100 }),
  ),
});

it('hold whole lines of several writers in their order, the newest within the bound, over a disk that fills up', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const root = mkdtempSync(join(tmpdir(), 'sluice-audit-'));
      const folder = join(root, 'audit');
      try {
        const disks = [new Disk(), new Disk()];
        const writers = disks.map((disk) => new AuditFiles(disk, folder, options));
        const written: string[] = [];
        steps.forEach(({ writer, text, disk }, nth) => {
          const files = writers[writer]!; // there are two
          if (disk === 'restart') files.close();
          if (typeof disk === 'number') disks[writer]!.writes = [disk, 'ENOSPC']; // the same
          const line = JSON.stringify({ writer, nth, text });
          try {
            files.append(line, { sync: false });
            written.push(line);
          } catch (error) {
            expect(error).toHaveProperty('code', 'ENOSPC');
          }
          disks[writer]!.writes = []; // the same
        });
        for (const files of writers) files.close();
        const found = written.length === 0 ? [] : read(folder);
        expect(found.length).toBeLessThanOrEqual(options.filesMax);
        const lines = found.flatMap((file) => file.lines);
        // A line that was written is there, but for those of files that have gone; of one that was not it may be whole,
        // without its end.
        const ofWriter = (writer: number, all: readonly Line[]) => all.filter((line) => line.writer === writer);
        const all = written.map((line) => JSON.parse(line) as Line); // written above
        for (const writer of [0, 1]) {
          const wanted = ofWriter(writer, all);
          const there = ofWriter(writer, lines).filter(({ nth }) => wanted.some((line) => line.nth === nth));
          expect(there).toEqual(wanted.slice(wanted.length - there.length));
        }
        for (const { bytes, lines: inFile } of found) {
          if (inFile.length > 1) expect(bytes).toBeLessThanOrEqual(options.fileBytesMax);
        }
      } finally {
        rmSync(root, { recursive: true });
      }
    }),
  );
});
