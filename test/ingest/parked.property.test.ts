/**
 * I11 and I1 as laws over a model with crash points: events sent again and again, however late, with a window far too
 * small for them, are in the log once each, and none that was answered is missing. Modelled: the log (a kill leaves any
 * part of the write under way), the table that inserts fill and the checkpoint that lags behind it, ClickHouse's
 * answers (as of any instant between question and answer, or none); intake, window, parked events and their resolver
 * are the real ones.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/base/errors.ts';
import { createLog } from '../../src/base/log.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { wholeSeconds } from '../../src/filter/whole-seconds.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import { createIntake } from '../../src/ingest/accept.ts';
import { LiveBus } from '../../src/ingest/live-bus.ts';
import { ParkedEvents } from '../../src/ingest/parked-events.ts';
import { startParkedResolver } from '../../src/ingest/resolve-parked.ts';
import { MemoryLog } from '../../support/memory-log.ts';
import { FakeStore } from './fake-store.ts';

const start = Date.parse('2026-11-22T10:00:00Z');
const log = createLog('silent');

function idText(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** One life of the process, on what the log of the last one left. */
function live(journal: MemoryLog, store: FakeStore, state: { checkpoint: number; now: number }) {
  const forgotten = new ForgottenIds(4);
  const window = new IdWindow({ idsMax: 4, checkpoint: () => state.checkpoint, forgotten });
  for (const { id, seq, received, occurred } of journal.committedRows) {
    window.add(id, seq, wholeSeconds(received), wholeSeconds(occurred));
  }
  const parked = new ParkedEvents({ eventsMax: 6, bytesMax: 1_000_000 });
  for (const row of journal.open) parked.add(row);
  parked.confirm(journal.committed.parked);
  const bus = new LiveBus(journal.head);
  const delivered: number[] = [];
  bus.batches$.subscribe((batch) => delivered.push(...batch.map(({ seq }) => seq)));
  const counters = createCounters();
  const clocks = { now: () => state.now, elapsedMs: () => 0, gate: () => null };
  const intake = createIntake({ journal, window, parked, live: bus, log, counters, ...clocks });
  const sockets = [0, 1].map(() => ({ seq: 0, parked: 0, sent: new Set<number>() }));
  intake.lost$.subscribe(({ above, parkedAbove }) => {
    for (const each of sockets) {
      if (each.seq > above || each.parked > parkedAbove) Object.assign(each, { seq: 0, parked: 0, sent: new Set() });
    }
  });
  const resolver = startParkedResolver({ parked, window, unpark: intake.unpark, store, pause: turn, log });
  const before = journal.head;
  const waited = parked.size;
  return { journal, window, parked, bus, delivered, counters, intake, sockets, resolver, before, waited };
}

type Step =
  | { kind: 'send'; socket: number; id: number; ahead: number }
  | { kind: 'post'; ids: number[] }
  | { kind: 'ping'; socket: number }
  | { kind: 'turn' }
  | { kind: 'syncs' }
  | { kind: 'insert'; share: number; isNoted: boolean }
  | { kind: 'settle' }
  | { kind: 'answer'; late: boolean }
  | { kind: 'store'; isUp: boolean }
  | { kind: 'failCommit'; after: number }
  | { kind: 'kill'; written: number };

const id = fc.nat(30);
const socket = fc.nat(1);
const share = fc.double({ min: 0, max: 1, noNaN: true });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      socket,
      id,
      ahead: fc.constantFrom(-30, 0, 400, 90_000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('post' as const), ids: fc.array(id, { maxLength: 4 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('ping' as const), socket }) },
  { weight: 6, arbitrary: fc.constant({ kind: 'turn' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'syncs' as const }) },
  { weight: 6, arbitrary: fc.constant({ kind: 'settle' as const }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('insert' as const), share, isNoted: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('answer' as const), late: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('store' as const), isUp: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('failCommit' as const), after: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('kill' as const), written: fc.nat(4) }) },
);

/** What became of parked events in all runs. */
const seen = { parked: 0, appended: 0, deduped: 0 };

async function run(steps: readonly Step[], durability: 'process' | 'fsync'): Promise<void> {
  const store = new FakeStore();
  const state = { checkpoint: 0, now: start };
  const occurred = new Map<number, string>();
  const answered = new Set<number>();
  const waiting: Promise<void>[] = [];
  let now = live(new MemoryLog(durability), store, state);
  let lives = 0;

  const eventText = (number: number, ahead = 0) => {
    state.now += 1000;
    const known = occurred.get(number) ?? new Date(state.now + ahead * 1000).toISOString();
    occurred.set(number, known);
    return JSON.stringify({
      occurred: known,
      event: 'e',
      resource: { 'prefect.resource.id': 'r' },
      id: idText(number),
    });
  };
  const attempt = (work: () => void, ifRefused: () => void = () => undefined) => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      ifRefused();
    }
  };
  const note = (counters: typeof now.counters) => {
    seen.parked += counters.parked;
    seen.appended += counters.parkedAppended;
    seen.deduped += counters.parkedDeduped;
  };
  const isUnique = () => {
    const ids = now.journal.committedRows.map((row) => row.id);
    expect(ids).toEqual([...new Set(ids)]);
  };
  const balances = () => {
    const { parsed, refused, deduped, parked, appended, ...of } = now.counters;
    const refusals = Object.values(refused).reduce((sum, count) => sum + count, 0);
    expect(parsed).toBe(refusals + deduped + parked + appended);
    expect(now.waited + parked).toBe(of.parkedAppended + of.parkedDeduped + of.parkedTakenBack + now.parked.size);
  };

  for (const each of steps) {
    switch (each.kind) {
      case 'send': {
        const from = now.sockets[each.socket]!;
        attempt(() => {
          const outcome = now.intake.acceptMessage(Buffer.from(eventText(each.id, each.ahead)), false);
          if (outcome.kind === 'parked') from.parked = Math.max(from.parked, outcome.ticket);
          else if (outcome.kind === 'accepted' || outcome.kind === 'duplicate')
            from.seq = Math.max(from.seq, outcome.ticket);
          else throw new Error(outcome.kind);
          from.sent.add(each.id);
        });
        break;
      }
      case 'post':
        attempt(() => {
          const outcome = now.intake.acceptBatch(Buffer.from(`[${each.ids.map((number) => eventText(number))}]`), true);
          if (!outcome.ok) throw new Error('The batch was refused');
          const life = lives;
          const note = () => {
            if (life === lives) for (const number of each.ids) answered.add(number);
          };
          waiting.push(outcome.durable.then(note, (error: unknown) => expect(error).toBeInstanceOf(Failure)));
        });
        break;
      case 'ping': {
        const from = now.sockets[each.socket]!;
        attempt(
          () => {
            now.intake.ensureDurable(from.seq, from.parked);
            for (const number of from.sent) answered.add(number);
          },
          () => Object.assign(from, { seq: 0, parked: 0, sent: new Set() }),
        );
        break;
      }
      case 'turn':
        await turn();
        break;
      case 'syncs':
        now.journal.endSyncs();
        await turn();
        break;
      case 'insert': {
        const from = store.rows_.length;
        const upTo = from + Math.ceil((now.bus.mark - from) * each.share);
        store.rows_.push(...now.journal.committedRows.slice(from, upTo));
        if (each.isNoted) state.checkpoint = Math.max(state.checkpoint, upTo);
        break;
      }
      case 'settle':
        // All that waits is written, inserted and noted: from here on the window may let go.
        now.journal.endSyncs();
        await turn();
        now.journal.endSyncs();
        await turn();
        store.rows_.push(...now.journal.committedRows.slice(store.rows_.length, now.bus.mark));
        state.checkpoint = store.rows_.length;
        break;
      case 'answer':
        store.answer(each.late);
        await turn();
        break;
      case 'store':
        store.isUp = each.isUp;
        if (!each.isUp) store.fail();
        break;
      case 'failCommit':
        now.journal.commitFailsAfter = each.after;
        break;
      case 'kill':
        lives += 1;
        note(now.counters);
        void now.resolver.stop();
        // Nothing of the old life may go on: its log is another one's now.
        now = live(now.journal.killed(each.written), store, state);
        break;
      default:
        each satisfies never;
    }
    isUnique();
    balances();
  }

  now.journal.commitFailsAfter = null;
  store.isUp = true;
  for (let turns = 0; now.parked.size > 0 || now.journal.hasPending; turns += 1) {
    if (turns > 500) throw new Error(`${now.parked.size} parked events wait for ever`);
    now.journal.endSyncs();
    store.answer(turns % 2 === 0);
    await turn();
  }
  const end = setInterval(() => now.journal.endSyncs(), 0);
  await now.resolver.stop();
  await now.intake.settled();
  clearInterval(end);

  isUnique();
  const stored = now.journal.committedRows.map((row) => row.id);
  for (const number of answered) expect(stored).toContain(idText(number));
  // The note that a repeat is settled may be lost with a failed write: the next start looks it up again.
  for (const row of now.journal.open) expect(stored).toContain(row.id);
  expect(now.delivered).toEqual(now.journal.committedRows.slice(now.before).map(({ seq }) => seq));
  note(now.counters);
  balances();
  const { appended, parkedAppended, parkedDeduped, takenBack } = now.counters;
  const given = now.journal.head - now.before;
  expect(given).toBeGreaterThanOrEqual(appended + parkedAppended - takenBack);
  // One whose seq was written, and not that it is settled, is a repeat of itself the next time.
  expect(given).toBeLessThanOrEqual(appended + parkedAppended + parkedDeduped - takenBack);
}

describe('an event sent again after its id has left the window', () => {
  it('is stored once, and not lost, whatever fails and whenever the process is killed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 30, maxLength: 150, size: 'max' }),
        fc.constantFrom('process', 'fsync'),
        (steps, durability) => run(steps, durability),
      ),
      { numRuns: 200 },
    );
    // The runs do get there.
    expect(Math.min(seen.parked, seen.appended, seen.deduped)).toBeGreaterThan(50);
  });
});
