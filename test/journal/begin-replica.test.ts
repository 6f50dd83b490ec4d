/** A replica that begins in the middle of the shared log, as if it was trimmed up to there, wherever a kill comes. */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { Failure } from '../../src/base/errors.ts';
import { type FilePort, nodeFiles } from '../../src/base/file-port.ts';
import { beginReplica, isHalfBegun } from '../../src/journal/begin-replica.ts';
import { clockStart, open, put, readAll, withFolder } from './support.ts';

const stream = { epoch: randomUUID(), firstSeq: 1_001, after: null };
const place = { stream: 77, receivedMs: clockStart - 5_000, seq: 1_500 };

class Killed extends Error {}

/** Files that take so many changes, and then none. */
function killedAfter(changes: number): FilePort {
  let left = changes;
  const counted = ['open', 'write', 'truncate', 'sync', 'syncDirectory', 'makeDirectory', 'unlink', 'rename'];
  return new Proxy(nodeFiles, {
    get(files, name: keyof FilePort) {
      if (!counted.includes(name)) return files[name];
      return (...given: never[]) => {
        left -= 1;
        if (left < 0) throw new Killed();
        return (files[name] as (...given: never[]) => unknown)(...given);
      };
    },
  });
}

/** A replica of the first ten events. */
function begun(folder: string): void {
  const journal = open(folder, { replicaOf: stream });
  for (let nth = 1; nth <= 10; nth += 1) {
    journal.noteApplied({ stream: nth, receivedMs: clockStart - 9_000 });
    put(journal, 1);
  }
  journal.noteApplied({ stream: 11, receivedMs: clockStart - 9_000 });
  journal.commit();
  journal.close();
}

function facts(folder: string) {
  const journal = open(folder, { replicaOf: stream });
  const { epoch, firstSeq, oldest, head, checkpoint, applied } = journal;
  journal.close();
  return { epoch, firstSeq, oldest, head, checkpoint, applied };
}

const mark = { stream: place.stream, receivedMs: place.receivedMs };
const anew = { epoch: stream.epoch, firstSeq: 1_001, oldest: 1_501, head: 1_500, checkpoint: 1_500, applied: mark };

it('goes on behind its place, over starts too', () => {
  withFolder((folder) => {
    begun(folder);
    beginReplica(nodeFiles, folder, stream, place, clockStart);
    expect(facts(folder)).toEqual(anew);
    const journal = open(folder, { replicaOf: stream });
    put(journal, 3);
    journal.noteApplied({ stream: 78, receivedMs: clockStart });
    journal.commit();
    expect([...readAll(journal).keys()]).toEqual([1_501, 1_502, 1_503]);
    journal.close();
    expect(facts(folder)).toEqual({ ...anew, head: 1_503, applied: { stream: 78, receivedMs: clockStart } });
  });
});

it('is as it was before, or is begun again, or whole, after a kill at any change of a file', () => {
  const found = { before: 0, half: 0, whole: 0 };
  for (let changes = 0; found.whole === 0; changes += 1) {
    withFolder((folder) => {
      begun(folder);
      const before = facts(folder);
      try {
        beginReplica(killedAfter(changes), folder, stream, place, clockStart);
      } catch (error) {
        // What cleans up behind a failure cannot, and says so.
        if (!(error instanceof Killed) && !(error instanceof Failure)) throw error;
        const isHalf = isHalfBegun(nodeFiles, folder);
        found[isHalf ? 'half' : 'before'] += 1;
        if (!isHalf) expect([before, anew]).toContainEqual(facts(folder));
        beginReplica(nodeFiles, folder, stream, place, clockStart);
        expect(facts(folder)).toEqual(anew);
        return;
      }
      found.whole += 1;
      expect(facts(folder)).toEqual(anew);
    });
  }
  expect(found.before).toBeGreaterThan(2);
  expect(found.half).toBeGreaterThan(8);
});

it('says which epoch came before', () => {
  withFolder((folder) => {
    const after = { epoch: randomUUID(), seq: 900 };
    beginReplica(nodeFiles, folder, { ...stream, after }, { stream: 0, receivedMs: 0, seq: 1_000 }, clockStart);
    expect(facts(folder)).toMatchObject({ oldest: 1_001, head: 1_000, applied: { stream: 0, receivedMs: 0 } });
  });
});
