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
import { createLog } from '../../src/base/log.ts';
import { createCounters } from '../../src/base/metrics.ts';
import type { StoreStatus } from '../../src/clickhouse/store.ts';
import { wholeSeconds } from '../../src/filter/whole-seconds.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import { createIntake } from '../../src/ingest/accept.ts';
import { LiveBus } from '../../src/ingest/live-bus.ts';
import { ParkedEvents } from '../../src/ingest/parked-events.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { randomFrom } from '../../support/random.ts';
import { eventsOf } from '../../support/stored-events.ts';
import { PowerCutDisk } from '../journal/power-cut-disk.ts';
import { clockStart, open } from '../journal/support.ts';

type Durability = 'process' | 'fsync';

type Step =
  | { kind: 'post'; ids: number[] }
  | { kind: 'message'; socket: number; id: number }
  | { kind: 'ping'; socket: number }
  | { kind: 'turn' | 'end syncs' | 'look' | 'repair' }
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
  { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom('turn', 'turn', 'end syncs', 'look', 'repair') }) },
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

function idText(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

/** Every third occurred before all that the window knows of: it is parked. */
const forgottenUpTo = '2026-11-20T00:00:00Z';

function eventText(number: number): string {
  const resource = { 'prefect.resource.id': 'r' };
  const occurred = number % 3 === 0 ? '2026-11-19T09:00:00Z' : '2026-11-22T09:00:00Z';
  return JSON.stringify({ occurred, event: 'e', resource, id: idText(number) });
}

/** The process: all that a kill ends. */
interface Limits {
  readonly waitingBytesMax?: number;
  readonly groupBytesMax?: number;
}

function start(disk: PowerCutDisk, durability: Durability, boot: number, limits: Limits = {}) {
  const options = { durability, segmentBytesMax: 4_000 };
  const journal = open('/data', options, disk, () => clockStart + boot * 1_000, `boot ${boot}`);
  const live = new LiveBus(journal.head);
  const forgotten = new ForgottenIds();
  forgotten.forget(Date.parse(forgottenUpTo) / 1000, 0);
  const window = new IdWindow({ idsMax: 1000, checkpoint: () => journal.checkpoint, forgotten });
  journal.scanIds((known, occurred, seq, received) => {
    window.add(known, seq, wholeSeconds(received), wholeSeconds(occurred));
  });
  const clocks = { now: () => clockStart, elapsedMs: () => 0, gate: () => null };
  const parked = new ParkedEvents({ eventsMax: 1000, bytesMax: 1_000_000 });
  for (const row of journal.parked.takeRows()) parked.add(row);
  parked.confirm(journal.committed.parked);
  const parts = { journal, parked, window, live, log: createLog('silent'), counters: createCounters() };
  const intake = createIntake({ ...parts, ...clocks, waitingBytesMax: 1_000_000, ...limits });
  const delivered: number[] = [];
  live.batches$.subscribe((batch) => {
    for (const { seq } of batch) delivered.push(seq);
  });
  const sockets = [0, 1, 2].map(() => ({ reliesOn: 0, reliesOnParked: 0, sent: [] as number[] }));
  const breakOff = (each: (typeof sockets)[number]): void => {
    each.reliesOn = 0;
    each.reliesOnParked = 0;
    each.sent = [];
  };
  intake.lost$.subscribe(({ above, parkedAbove }) => {
    for (const each of sockets) if (each.reliesOn > above || each.reliesOnParked > parkedAbove) breakOff(each);
  });
  return { journal, intake, parked, delivered, sockets, breakOff, isKilled: false };
}

/** By id; parked ones, which have no seq, as 0. */
function kept({ journal, parked }: { readonly journal: Journal; readonly parked: ParkedEvents }): Map<string, number> {
  const found = new Map<string, number>();
  for (const { id: known } of parked.oldest(1000)) {
    expect(found.has(known)).toBe(false);
    found.set(known, 0);
  }
  for (let from = journal.oldest; ; ) {
    const chunk = journal.read(from, 1_000, journal.head);
    if (chunk.count === 0) return found;
    for (const { seq, body } of eventsOf(chunk)) {
      expect(found.has(body.id)).toBe(false);
      found.set(body.id, seq);
    }
    from = chunk.last + 1;
  }
}

const store: StoreStatus = { phase: 'ready', where: 'here', version: '', reason: '' };

const turn = (): Promise<unknown> => new Promise(setImmediate);

function attempt(work: () => void): Failure | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

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
        const failure = attempt(() => {
          const outcome = intake.acceptBatch(body, true);
          if (!outcome.ok) throw new Error('The batch was refused');
          outcome.durable.then(
            () => {
              if (!here.isKilled) for (const number of now.ids) answered.add(number);
            },
            (error: unknown) => expect(error).toBeInstanceOf(Failure),
          );
        });
        if (journal.failed !== null) expect(failure?.failure).toBe('journalFailed');
        break;
      }
      case 'message': {
        const from = sockets[now.socket]!;
        const failure = attempt(() => {
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
        if (attempt(() => intake.ensureDurable(from.reliesOn, from.reliesOnParked)) !== null) life.breakOff(from);
        else for (const number of from.sent) answered.add(number);
        break;
      }
      case 'turn':
        await turn();
        break;
      case 'end syncs':
        disk.endSyncs();
        await turn();
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

  it('is not ready while too much waits for a disk that hangs, and says so as producers hear it', async () => {
    const disk = new PowerCutDisk('/data');
    const { journal, intake } = start(disk, 'fsync', 1, { waitingBytesMax: 100 });
    const look = () => readiness({ journal, intake, store, isLeaving: false }, () => ({}) as never); // only asked for by ?verbose=1
    const taken = intake.acceptBatch(Buffer.from(`[${eventText(1)}]`), true);
    if (!taken.ok) throw new Error('The batch was refused');
    await turn();
    const refusal = attempt(() => void intake.acceptBatch(Buffer.from(`[${eventText(2)}]`), true));
    expect(refusal?.failure).toBe('journalFull');
    expect(look()).toMatchObject({ ok: false, reason: refusal?.message });
    disk.endSyncs();
    await taken.durable;
    expect(look()).toMatchObject({ ok: true, reason: '' });
  });
});
