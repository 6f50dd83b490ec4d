/**
 * I11 as laws over a model with crash points: whatever is taken in, inserted, trimmed, written short or cut off, every
 * id that was ever taken is in the window, or the window says that it cannot rule it out. Modelled: the journal (what
 * it keeps and has lost), its checkpoint, kill -9 between any two writes of the id files and within one; the files are
 * real.
 */
import { readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeFiles } from '../../src/base/file-port.ts';
import { createLog } from '../../src/base/log.ts';
import type { VisitId } from '../../src/event-log/log-reader.ts';
import { recoverIds, type Scannable } from '../../src/ids/recover-ids.ts';
import { Disk, withFolder } from '../journal/support.ts';

interface Taken {
  readonly id: string;
  readonly seq: number;
  readonly received: number;
  readonly occurred: number;
}

const start = Date.parse('2026-11-22T10:00:00Z') / 1000;
const idsMax = 1000;

function columnOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('T', ' ').replace('Z', '000');
}

/** What the journal is to the id window: events by seq, of which it keeps the newest. */
class FakeJournal implements Scannable {
  readonly taken: Taken[] = [];
  readonly firstSeq = 1;
  oldest = 1;
  checkpoint = 0;

  get head(): number {
    return this.taken.length;
  }
  newestUpTo(seq: number): number {
    return this.oldest > this.head || seq < this.oldest ? 0 : Math.min(seq, this.head);
  }
  take(ahead: number): void {
    const seq = this.head + 1;
    const received = start + seq;
    const id = `00000000-0000-4000-8000-${String(seq).padStart(12, '0')}`;
    this.taken.push({ id, seq, received, occurred: received + ahead });
  }
  scanIds(visit: VisitId): void {
    for (const { id, occurred, seq, received } of this.taken.slice(this.oldest - 1)) {
      visit(id, columnOf(occurred), seq, columnOf(received), 0);
    }
  }
}

function open(journal: FakeJournal, dataDir: string, disk = new Disk(), checkpoint = journal.checkpoint) {
  return recoverIds(
    journal,
    {
      dataDir,
      idWindowIdsMax: idsMax,
      durability: 'process',
      checkpoint,
      now: () => (start + journal.head) * 1000,
      log: createLog('silent'),
    },
    disk,
  );
}

function idFiles(folder: string): string[] {
  return readdirSync(join(folder, 'ids'))
    .sort()
    .map((name) => join(folder, 'ids', name));
}

type Step =
  | { kind: 'take'; count: number; ahead: number }
  | { kind: 'insert'; upTo: number }
  | { kind: 'trim' }
  | { kind: 'failWrite'; bytes: number }
  | { kind: 'restart'; lostBytes: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('take' as const),
      count: fc.integer({ min: 1, max: 700 }),
      ahead: fc.oneof(fc.constant(-5), fc.constant(0), fc.integer({ min: 1, max: 100_000 })),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('insert' as const), upTo: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'trim' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('failWrite' as const), bytes: fc.nat(9000) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('restart' as const), lostBytes: fc.nat(40) }) },
);

describe('the id window over restarts', () => {
  it('knows every id above the checkpoint and the newest up to the bound, and rules out none that it ever had', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) =>
        withFolder((folder) => {
          const journal = new FakeJournal();
          let disk = new Disk();
          let ids = open(journal, folder, disk);
          const known = ({ id }: Taken) => ids.window.seqOf(id) !== null;
          /** Written, but the checkpoint did not get there: a kill -9 came between. */
          for (const each of steps) {
            switch (each.kind) {
              case 'take':
                for (let n = 0; n < each.count; n += 1) {
                  journal.take(each.ahead);
                  const { id, seq, received, occurred } = journal.taken.at(-1)!;
                  ids.window.add(id, seq, received, occurred);
                }
                break;
              case 'insert': {
                const upTo = journal.checkpoint + Math.ceil((journal.head - journal.checkpoint) * each.upTo);
                try {
                  ids.keepIds(upTo);
                  journal.checkpoint = upTo;
                } catch {
                  // Tried again by the next insert.
                }
                break;
              }
              case 'trim':
                journal.oldest = journal.checkpoint + 1;
                break;
              case 'failWrite':
                disk.writes = [each.bytes, 'EIO'];
                break;
              case 'restart': {
                disk.kill();
                disk = new Disk();
                ids = open(journal, folder, disk);
                break;
              }
              default:
                each satisfies never;
            }
            for (const taken of journal.taken) {
              if (!known(taken)) expect(ids.window.mayHaveHeld(taken.occurred)).toBe(true);
            }
            expect(journal.taken.slice(journal.checkpoint).every(known)).toBe(true);
            expect(journal.taken.slice(-idsMax).every(known)).toBe(true);
            // What occurs a while after all that was taken is never in doubt.
            expect(ids.window.mayHaveHeld(start + journal.head + 200_000)).toBe(false);
            if (journal.head <= idsMax) expect(ids.window.mayHaveHeld(start)).toBe(false);
          }
          disk.kill();
        }),
      ),
      { numRuns: 60 },
    );
  });

  it('keeps a bounded number of ids on disk', () => {
    withFolder((folder) => {
      const journal = new FakeJournal();
      const disk = new Disk();
      const ids = open(journal, folder, disk);
      for (let n = 0; n < 20_000; n += 1) {
        journal.take(0);
        const { id, seq, received, occurred } = journal.taken.at(-1)!;
        ids.window.add(id, seq, received, occurred);
        if (n % 100 !== 0) continue;
        ids.keepIds(seq);
        journal.checkpoint = seq;
      }
      const bytes = idFiles(folder).reduce((sum, path) => sum + sizeOf(path), 0);
      expect(bytes).toBeLessThan(1.3 * idsMax * 32 + 4096);
      disk.kill();
    });
  });

  it('counts what a damaged or missing file held as forgotten', () => {
    const damages: ((paths: string[]) => void)[] = [
      (paths) => truncateSync(paths[0]!, 700),
      (paths) => truncateSync(paths[2]!, 10),
      (paths) => truncateSync(paths.at(-1)!, 0),
      (paths) => truncateSync(paths.at(-1)!, 400),
      (paths) => paths.forEach((path) => void nodeFiles.unlink(path)),
      (paths) => paths.forEach((path) => void writeFileSync(path, 'x')),
    ];
    for (const damage of damages) {
      withFolder((folder) => {
        const journal = new FakeJournal();
        const disk = new Disk();
        const before = open(journal, folder, disk);
        for (let n = 0; n < 3000; n += 1) {
          journal.take(0);
          const { id, seq, received, occurred } = journal.taken.at(-1)!;
          before.window.add(id, seq, received, occurred);
          if (n % 50 !== 0) continue;
          before.keepIds(seq);
          journal.checkpoint = seq;
          journal.oldest = seq - 10;
        }
        disk.kill();
        damage(idFiles(folder));
        // A second start must not take the gap for whole, even after it was written on.
        for (let life = 0; life < 3; life += 1) {
          const { window, keepIds, close } = open(journal, folder);
          for (const { id, occurred } of journal.taken) {
            if (window.seqOf(id) === null) expect(window.mayHaveHeld(occurred)).toBe(true);
          }
          for (let n = 0; n < 200; n += 1) {
            journal.take(0);
            const { id, seq, received, occurred } = journal.taken.at(-1)!;
            window.add(id, seq, received, occurred);
          }
          keepIds(journal.head - 50);
          journal.checkpoint = journal.head - 50;
          journal.oldest = journal.checkpoint;
          close();
        }
      });
    }
  });

  it('does not rely on ids of events that the journal lost and ClickHouse may not have', () => {
    withFolder((folder) => {
      const journal = new FakeJournal();
      const disk = new Disk();
      const before = open(journal, folder, disk);
      for (let n = 0; n < 20; n += 1) {
        journal.take(n === 15 ? 7200 : 0);
        const { id, seq, received, occurred } = journal.taken.at(-1)!;
        before.window.add(id, seq, received, occurred);
      }
      // Sent to ClickHouse and written here, but neither the checkpoint nor the journal's end survived.
      before.keepIds(18);
      disk.kill();
      const lost = journal.taken.splice(10);
      for (let life = 0; life < 2; life += 1) {
        const { window, close } = open(journal, folder);
        for (const { id, occurred } of lost) {
          expect(window.seqOf(id)).toBeNull();
          expect(window.mayHaveHeld(occurred)).toBe(occurred <= start + 18 || occurred > start + 100);
        }
        expect(journal.taken.every(({ id }) => window.seqOf(id) !== null)).toBe(true);
        close();
      }
    });
  });
});

function sizeOf(path: string): number {
  const file = nodeFiles.open(path, 'read');
  const bytes = nodeFiles.bytes(file);
  nodeFiles.close(file);
  return bytes;
}
