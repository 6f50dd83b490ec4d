/**
 * I1 and I4 on a failing disk, through accept, group and the real journal: whatever write, truncate or fdatasync fails,
 * nothing is answered (204, pong) that is not there after a kill or, in fsync mode, after a power cut; each event is
 * there once; and while nothing can be kept, `/api/ready` says so. Modelled: the disk, producers over HTTP and
 * WebSocket, pings.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readiness } from '../../src/app/readiness.ts';
import { Failure } from '../../src/base/errors.ts';
import { failureOf } from '../../support/failure-of.ts';
import { randomFrom } from '../../support/random.ts';
import { PowerCutDisk } from '../journal/power-cut-disk.ts';
import {
  checkBooks,
  checkTold,
  type Durability,
  eventText,
  idText,
  kept,
  settle,
  start,
  store,
  turn,
} from './failing-disk-life.ts';

type Step =
  | { kind: 'post'; ids: number[] }
  | { kind: 'message'; socket: number; id: number }
  | { kind: 'ping'; socket: number }
  | { kind: 'turn' | 'end syncs' | 'settle' | 'look' | 'repair' }
  | { kind: 'break'; what: 'writes' | 'truncate' | 'sync'; code: string; after: number }
  | { kind: 'restart'; isPowerCut: boolean; seed: number };

const id = fc.nat(30);
const socket = fc.nat(2);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('post' as const),
      ids: fc.uniqueArray(id, { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('message' as const), socket, id }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('ping' as const), socket }) },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constantFrom('turn', 'turn', 'end syncs', 'settle', 'look', 'repair') }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('break' as const),
      what: fc.constantFrom('writes', 'writes', 'truncate', 'sync'),
      code: fc.constantFrom('EIO', 'ENOSPC'),
      after: fc.nat(300),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('restart' as const), isPowerCut: fc.boolean(), seed: fc.integer() }),
  },
);

async function run(durability: Durability, steps: readonly Step[], groupBytesMax: number): Promise<void> {
  const disk = new PowerCutDisk('/data');
  let boot = 1;
  let life = start(disk, durability, boot, { groupBytesMax });
  /** Ids of events that a producer was told of. */
  const answered = new Set<number>();
  const last: Step = { kind: 'restart', isPowerCut: durability === 'fsync', seed: steps.length };
  for (const now of [...steps, last]) {
    const { journal, intake, sockets } = life;
    switch (now.kind) {
      case 'post': {
        const here = life;
        const body = Buffer.from(`[${now.ids.map(eventText).join(',')}]`);
        const failure = failureOf(() => {
          const outcome = intake.acceptBatch(body, true);
          if (!outcome.ok) throw new Error('The batch was refused');
          here.untold += 1;
          outcome.durable.then(
            () => {
              here.untold -= 1;
              if (!here.isKilled) for (const number of now.ids) answered.add(number);
            },
            (error: unknown) => {
              here.untold -= 1;
              expect(error).toBeInstanceOf(Failure);
            },
          );
        });
        if (journal.failed !== null) expect(failure?.failure).toBe('journalFailed');
        break;
      }
      case 'message': {
        const from = sockets[now.socket]!;
        const failure = failureOf(() => {
          const outcome = intake.acceptMessage(Buffer.from(eventText(now.id)), false);
          if (!('ticket' in outcome)) throw new Error(outcome.kind);
          if (outcome.kind === 'parked') from.reliesOnParked = Math.max(from.reliesOnParked, outcome.ticket);
          else from.reliesOn = Math.max(from.reliesOn, outcome.ticket);
          from.sent.push(now.id);
        });
        if (failure !== null) life.breakOff(from);
        break;
      }
      case 'ping': {
        const from = sockets[now.socket]!;
        if (failureOf(() => intake.ensureDurable(from.reliesOn, from.reliesOnParked)) !== null) life.breakOff(from);
        else for (const number of from.sent) answered.add(number);
        break;
      }
      case 'turn':
        await turn();
        checkBooks(life);
        break;
      case 'end syncs':
        disk.endSyncs();
        await turn();
        break;
      case 'settle':
        await settle(disk);
        checkTold(life);
        break;
      case 'break':
        if (now.what === 'writes') disk.writes = [now.after, now.code];
        else if (now.what === 'truncate') disk.truncateError = now.code;
        else disk.syncError = now.code;
        break;
      case 'repair':
        disk.writes = [];
        disk.truncateError = '';
        disk.syncError = '';
        break;
      case 'look': {
        const { ok, reason } = readiness({ journal, intake, store, isLeaving: false }, () => ({}) as never); // only asked for by ?verbose=1
        if (journal.failed !== null) expect([ok, reason]).toEqual([false, journal.failed.message]);
        break;
      }
      case 'restart': {
        await turn();
        checkBooks(life);
        life.isKilled = true;
        const { delivered } = life;
        if (now.isPowerCut && durability === 'fsync') {
          disk.powerCut({ random: randomFrom(now.seed), pageBytes: 512 });
          boot += 1;
        } else {
          disk.kill();
        }
        life = start(disk, durability, boot, { groupBytesMax });
        const found = kept(life);
        for (const number of answered) expect(found.has(idText(number))).toBe(true);
        const seqs = new Set(found.values());
        for (const seq of delivered) expect(seqs.has(seq)).toBe(true);
        break;
      }
      default:
        now satisfies never;
    }
  }
  disk.endSyncs();
}

describe('intake on a failing disk', () => {
  it.each(['process', 'fsync'] as const)(
    'answers nothing that is not kept, and keeps it once (%s)',
    async (durability) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 5, maxLength: 60 }),
          fc.constantFrom(1, 600, 1_000_000),
          (steps, groupBytesMax) => run(durability, steps, groupBytesMax),
        ),
        { numRuns: 200 },
      );
    },
  );

  it.each([
    ['EIO', 'journalFailed'],
    ['ENOSPC', 'journalFull'],
  ])('is not ready while a write fails (%s), and is ready again when one succeeds', async (code, name) => {
    const disk = new PowerCutDisk('/data');
    const { journal, intake } = start(disk, 'process', 1);
    disk.writes = [code];
    const failed = intake.acceptBatch(Buffer.from(`[${eventText(1)}]`), true);
    if (!failed.ok) throw new Error('The batch was refused');
    await expect(failed.durable).rejects.toMatchObject({ failure: name });
    disk.writes = [code];
    expect(journal.check()?.failure).toBe(name);
    expect(journal.failed).toBeNull();
    expect(journal.check()).toBeNull();
    const taken = intake.acceptBatch(Buffer.from(`[${eventText(1)}]`), true);
    if (!taken.ok) throw new Error('The batch was refused');
    await taken.durable;
    disk.kill();
    expect(kept(start(disk, 'process', 1)).size).toBe(1);
  });

  it('counts as taken back what waits for a commit when a sync fails, and not what is written', async () => {
    const disk = new PowerCutDisk('/data');
    const { journal, intake, counters } = start(disk, 'fsync', 1);
    const post = (number: number) => {
      const outcome = intake.acceptBatch(Buffer.from(`[${eventText(number)}]`), true);
      if (!outcome.ok) throw new Error('The batch was refused');
      return expect(outcome.durable).rejects.toMatchObject({ failure: 'journalFailed' });
    };
    const written = post(1);
    await turn();
    const waiting = post(2);
    disk.syncError = 'EIO';
    disk.endSyncs();
    await Promise.all([written, waiting, turn()]);
    expect([counters.appended, counters.takenBack, journal.pending]).toEqual([2, 1, 1]);
    journal.close();
    disk.kill();
    expect([...kept(start(disk, 'fsync', 1)).keys()]).toEqual([idText(1)]);
  });

  it('is not ready while too much waits for a disk that hangs, and says so as producers hear it', async () => {
    const disk = new PowerCutDisk('/data');
    const { journal, intake } = start(disk, 'fsync', 1, { waitingBytesMax: 100 });
    const look = () => readiness({ journal, intake, store, isLeaving: false }, () => ({}) as never); // only asked for by ?verbose=1
    const taken = intake.acceptBatch(Buffer.from(`[${eventText(1)}]`), true);
    if (!taken.ok) throw new Error('The batch was refused');
    await turn();
    const refusal = failureOf(() => void intake.acceptBatch(Buffer.from(`[${eventText(2)}]`), true));
    expect(refusal?.failure).toBe('journalFull');
    expect(look()).toMatchObject({ ok: false, reason: refusal?.message });
    disk.endSyncs();
    await taken.durable;
    expect(look()).toMatchObject({ ok: true, reason: '' });
  });
});
