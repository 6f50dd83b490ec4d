/** A replica whose ids cannot be kept for a while: it takes nothing before one might be lost, and goes on by itself. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { type FilePort, nodeFiles } from '../../src/base/file-port.ts';
import { openReplicaSide } from '../../src/gateway/replica-side.ts';
import { silentLog } from '../../support/engine.ts';
import { open } from '../journal/support.ts';
import { blockOf } from '../shared-log/rows.ts';

it('goes on where the disk takes the ids again, though nothing else is written meanwhile', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-replica-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const journal = open(directory, { replicaOf: { epoch: randomUUID(), firstSeq: 5_000_001 } });
  let isFull = true;
  const files: FilePort = {
    ...nodeFiles,
    open(path, how) {
      if (isFull && path.endsWith('.ids')) throw Object.assign(new Error('the disk is full'), { code: 'ENOSPC' });
      return nodeFiles.open(path, how);
    },
  };
  const side = openReplicaSide({
    ...{ directory, journal, hasBefore: false, idsMax: 64, isSynced: false, hasSubscribers: () => false },
    ...{ own: { applied: () => undefined }, again: expect.unreachable, files, log: silentLog },
  });
  const take = (nth: number): boolean => {
    const event = { nth, text: '', hasFraction: false, tag: 0, isFromPrefect: false };
    const data = blockOf([event], nth, side.replica.seq);
    return side.take({ stream: nth, ms: Date.UTC(2026, 10, 30), isOwn: false, data });
  };
  let nth = 1;
  while (nth < 100 && take(nth)) nth += 1;
  expect([nth > 8, nth < 64]).toEqual([true, true]);
  expect([take(nth), side.isTaking, side.isFollowing]).toEqual([false, false, true]);
  journal.advanceCheckpoint(journal.head);
  expect(side.isFollowing).toBe(false);
  isFull = false;
  expect(take(nth)).toBe(true);
  await nextTurn();
  // ClickHouse has it all, so there is nothing to write from here, but for what comes.
  journal.advanceCheckpoint(journal.head);
  expect([side.isTaking, side.isFollowing]).toEqual([true, true]);
  side.ids.close();
  journal.close();
});
