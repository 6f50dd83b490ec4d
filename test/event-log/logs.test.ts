/**
 * The laws of a log over each that there is: the journal in both its modes, the log in memory that stands for it in
 * tests, and one that gives seqs, and drops known ids, only when a group arrives.
 */
import { expect, it } from 'vitest';
import type { JournalOptions } from '../../src/journal/journal-options.ts';
import { ArrivingLog, SharedRows } from '../../support/arriving-log.ts';
import { MemoryLog, written } from '../../support/memory-log.ts';
import { PowerCutDisk } from '../journal/power-cut-disk.ts';
import { noReceipt, open, rowOf, sent } from '../journal/support.ts';
import { describeLives, type LivingLog } from './log-lives.ts';
import { append, describeLog, readAll } from './log-suite.ts';

const turn = (): Promise<unknown> => new Promise(setImmediate);

function journal(
  durability: 'process' | 'fsync',
  disk = new PowerCutDisk('/data'),
  left: Pick<JournalOptions, 'checkpoint' | 'newEpoch'> = { checkpoint: null },
): LivingLog {
  const log = open('/data', { durability, segmentBytesMax: 3_000, budgetBytesMax: 1_000_000, ...left }, disk);
  return {
    log,
    async settle() {
      // The next sync begins when one has ended.
      for (let round = 0; round < 3; round += 1) {
        disk.endSyncs();
        await turn();
      }
    },
    failNextCommit() {
      disk.writes = log.hasPending ? ['ENOSPC'] : [];
    },
    fail:
      durability === 'process'
        ? null
        : async () => {
            disk.syncError = 'EIO';
            disk.endSyncs();
            await turn();
          },
    intrude: null,
    close: () => log.close(),
    restart() {
      disk.kill();
      return journal(durability, disk, { checkpoint: log.checkpoint });
    },
    beginEpoch() {
      log.close();
      return journal(durability, disk, { checkpoint: log.checkpoint, newEpoch: true });
    },
  };
}

function memory(durability: 'process' | 'fsync', log = new MemoryLog(durability)): LivingLog {
  return {
    log,
    async settle() {
      for (let round = 0; round < 3; round += 1) log.endSyncs();
    },
    failNextCommit() {
      log.commitFailsAfter = log.hasPending ? 0 : null;
    },
    fail: durability === 'process' ? null : async () => log.endSyncs(true),
    intrude: null,
    close: () => undefined,
    restart: () => memory(durability, log.killed()),
    beginEpoch: null,
  };
}

function row(number: number) {
  const { id, received, occurred, search, raw } = sent(number);
  return written(rowOf({ id, received, occurred, head: 3, search, raw }), 0, noReceipt);
}

function arriving(shared = new SharedRows()): LivingLog & { readonly log: ArrivingLog } {
  const log = new ArrivingLog(shared);
  return {
    log,
    async settle() {
      while (log.horizon.ticket < log.committed.ticket || log.horizon.parked < log.committed.parked) log.arrive();
    },
    failNextCommit() {
      log.failsNext = log.hasPending;
    },
    fail: async () => log.fail(),
    intrude: (number) => shared.arrive([{ ...row(number), tag: 0 }]),
    close: () => undefined,
    restart: () => arriving(shared),
    beginEpoch: null,
  };
}

const logs: readonly (readonly [string, () => LivingLog])[] = [
  ['the journal in process mode', () => journal('process')],
  ['the journal in fsync mode', () => journal('fsync')],
  ['in memory', () => memory('process')],
  ['in memory, with syncs', () => memory('fsync')],
  ['in memory, numbered when it arrives', () => arriving()],
];
for (const [name, openLog] of logs) {
  describeLog(name, openLog);
  describeLives(name, openLog);
}

it('a shared log settles the tickets of a repeat, and has it once; its seqs are not its tickets', async () => {
  const shared = new SharedRows();
  const [one, other] = [arriving(shared), arriving(shared)];
  const tickets = [append(one.log, 1), append(one.log, 2), append(other.log, 2), append(other.log, 3)];
  expect(tickets).toEqual([1, 2, 1, 2]);
  one.log.commit();
  other.log.commit();
  await other.settle();
  expect([other.log.horizon.ticket, one.log.horizon.ticket]).toEqual([2, 0]);
  await one.settle();
  const expected = [2, 3, 1].map((number, at) => ({ seq: at + 1, number }));
  expect([readAll(one.log), readAll(other.log)]).toEqual([expected, expected]);
});
