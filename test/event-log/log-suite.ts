/**
 * What every log must do, whoever keeps it: by laws over random lives of it. A log is opened by the factory, and driven
 * by what the factory gives beside it.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/base/errors.ts';
import type { LogAdmin } from '../../src/event-log/log-admin.ts';
import type { LogReader } from '../../src/event-log/log-reader.ts';
import type { CommitsAtOnce, LogWriter, NumbersAtAppend } from '../../src/event-log/log-writer.ts';
import { linesOf, splitRow } from '../../src/event-log/row.ts';
import { failureOf } from '../../support/failure-of.ts';
import { noReceipt, rowOf, sent, tagOf } from '../journal/support.ts';

export type LogUnderTest = LogWriter &
  LogReader &
  Pick<LogAdmin, 'advanceCheckpoint' | 'trimLater'> &
  Partial<CommitsAtOnce & NumbersAtAppend>;

export interface OpenedLog {
  readonly log: LogUnderTest;
  /** What is under way ends: a sync, a group that arrives. */
  settle(): Promise<void>;
  /** The next commit fails, and hands nothing on. */
  failNextCommit(): void;
  /** The log fails while nobody calls; null for one that can only fail within a call. */
  readonly fail: (() => Promise<void>) | null;
  /** Somebody else's event enters the log; null if nobody else can. */
  readonly intrude: ((number: number) => void) | null;
  close(): void;
}

export type OpenLog = () => OpenedLog;

type Step =
  | { kind: 'append'; count: number }
  | { kind: 'commit' | 'commit fails' | 'commit now' | 'settle' | 'roll back' | 'intrude' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        ...(['commit', 'commit', 'commit fails', 'commit now', 'settle', 'settle', 'roll back', 'intrude'] as const),
      ),
    }),
  },
);

/** All that can be read, in chunks of about so many bytes, as seq and number of the event. */
export function readAll(log: LogReader, bytesMax = 900): { readonly seq: number; readonly number: number }[] {
  const found: { seq: number; number: number }[] = [];
  for (let from = log.oldest; ; ) {
    const chunk = log.read(from, bytesMax, log.head);
    if (chunk.count === 0) return found;
    const rows = linesOf(chunk.rows).map(splitRow);
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, at) => chunk.first + at));
    expect([rows.length, rows.at(-1)?.seq]).toEqual([chunk.count, chunk.last]);
    found.push(...rows.map(({ seq, id }) => ({ seq, number: Number(id.slice(-12)) })));
    from = chunk.last + 1;
  }
}

export function append(log: LogWriter, number: number, day = 1): number {
  const { id, received, occurred, search, raw } = sent(number, 0, day);
  return log.append(rowOf({ id, received, occurred, head: 3, search, raw }), noReceipt, tagOf({ id }));
}

/** A life of a log, and what is known of it. */
class Life {
  readonly opened: OpenedLog;
  /** By ticket: what was handed on, and what was only appended. */
  readonly handedOn = new Map<number, number>();
  readonly appended = new Map<number, number>();
  readonly intruders: number[] = [];
  #horizon = 0;
  #next = 0;
  #emitted = 0;

  constructor(open: OpenLog) {
    this.opened = open();
    this.opened.log.horizon$.subscribe({ next: () => this.#heard(), error: () => undefined });
  }

  append(count: number): void {
    const { log } = this.opened;
    for (let nth = 0; nth < count; nth += 1) {
      const before = log.appended;
      const ticket = append(log, this.#next);
      expect([ticket > before, log.appended]).toEqual([true, ticket]);
      if (log.lastRow !== undefined) expect(log.lastRow().toString()).toContain(`\t${sent(this.#next).id}\t`);
      this.appended.set(ticket, this.#next);
      this.#next += 1;
    }
  }

  commit(fails: boolean): void {
    const { log } = this.opened;
    const emitted = this.#emitted;
    const hasPending = this.appended.size > 0;
    expect(log.hasPending).toBe(hasPending);
    if (fails) this.opened.failNextCommit();
    const failure = failureOf(() => log.commit());
    expect(failure !== null).toBe(fails && hasPending);
    expect(this.#emitted).toBe(emitted);
    if (failure === null) for (const [ticket, number] of this.appended) this.handedOn.set(ticket, number);
    this.appended.clear();
    expect([log.hasPending, log.appended]).toEqual([false, log.committed.ticket]);
  }

  commitNow(): void {
    const { log } = this.opened;
    if (log.commitNow === undefined) return;
    const emitted = this.#emitted;
    log.commitNow(log.appended, log.parkedAppended);
    for (const [ticket, number] of this.appended) this.handedOn.set(ticket, number);
    this.appended.clear();
    expect([log.horizon.ticket, this.#emitted]).toEqual([log.committed.ticket, emitted]);
  }

  #heard(): void {
    this.#emitted += 1;
  }

  /** Takes back the newer half of what was only appended. */
  rollBack(): void {
    const { log } = this.opened;
    const tickets = [...this.appended.keys()];
    const kept = tickets.slice(0, Math.floor(tickets.length / 2));
    log.rollBack(kept.at(-1) ?? log.committed.ticket, log.parkedAppended);
    for (const ticket of tickets.slice(kept.length)) this.appended.delete(ticket);
    expect(log.appended).toBe(kept.at(-1) ?? log.committed.ticket);
  }

  intrude(): void {
    if (this.opened.intrude === null) return;
    this.intruders.push(this.#next);
    this.opened.intrude(this.#next);
    this.#next += 1;
  }

  /**
   * What the horizon has passed can be read, once and in the order of the tickets; of all else only what was handed on
   * may be there.
   */
  check(): void {
    const { log } = this.opened;
    expect(log.horizon.ticket).toBeGreaterThanOrEqual(this.#horizon);
    expect(log.horizon.ticket).toBeLessThanOrEqual(log.committed.ticket);
    this.#horizon = log.horizon.ticket;
    const read = readAll(log).map(({ number }) => number);
    expect(new Set(read).size).toBe(read.length);
    const own = read.filter((number) => !this.intruders.includes(number));
    const handedOn = [...this.handedOn].sort(([one], [other]) => one - other);
    const settled = handedOn.filter(([ticket]) => ticket <= log.horizon.ticket).map(([, number]) => number);
    expect(own.slice(0, settled.length)).toEqual(settled);
    expect(own).toEqual(handedOn.map(([, number]) => number).slice(0, own.length));
    expect(read.filter((number) => this.intruders.includes(number))).toEqual(this.intruders);
  }
}

async function live(open: OpenLog, steps: readonly Step[]): Promise<void> {
  const life = new Life(open);
  for (const each of steps) {
    if (each.kind === 'append') life.append(each.count);
    else if (each.kind === 'commit') life.commit(false);
    else if (each.kind === 'commit fails') life.commit(true);
    else if (each.kind === 'commit now') life.commitNow();
    else if (each.kind === 'roll back') life.rollBack();
    else if (each.kind === 'intrude') life.intrude();
    else await life.opened.settle();
    life.check();
  }
  life.commit(false);
  await life.opened.settle();
  expect(life.opened.log.horizon.ticket).toBe(life.opened.log.committed.ticket);
  life.check();
  life.opened.close();
}

/** Runs the laws over logs that `open` gives, each empty. */
export function describeLog(name: string, open: OpenLog): void {
  describe(`a log (${name})`, () => {
    it('gives what the horizon has passed to its readers, once and in order, and nothing of what was taken back', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => live(open, steps)),
        { numRuns: 60 },
      );
    });

    it('tells by horizon$ what is settled later than in the call', async () => {
      const { log, settle, close } = open();
      let told = 0;
      log.horizon$.subscribe((horizon) => {
        told = horizon.ticket;
      });
      const ticket = append(log, 1);
      log.commit();
      const atOnce = log.horizon.ticket;
      expect(told).toBe(0);
      await settle();
      expect(log.horizon.ticket).toBe(ticket);
      expect(told).toBe(atOnce === ticket ? 0 : ticket);
      close();
    });

    it('gives parked events tickets of their own, and no seq', async () => {
      const { log, settle, close } = open();
      const row = rowOf({ ...sent(1), head: 3 });
      const parked = log.park(row, noReceipt);
      const ticket = append(log, 2);
      log.commit();
      await settle();
      expect([log.horizon.parked, log.horizon.ticket]).toEqual([parked, ticket]);
      expect(readAll(log).map(({ number }) => number)).toEqual([2]);
      expect(log.unpark(parked, row, noReceipt)).toBeGreaterThan(ticket);
      log.commit();
      await settle();
      expect(readAll(log).map(({ number }) => number)).toEqual([2, 1]);
      close();
    });

    it('ends a chunk at its bytes, at the seq that is asked for, and where the day of receipt changes', async () => {
      const { log, settle, close } = open();
      for (const [number, day] of [1, 1, 2, 2, 2].entries()) append(log, number, day);
      log.commit();
      await settle();
      const first = log.oldest;
      const memory = { buffer: Buffer.alloc(0), bytes: 0 };
      expect(log.read(first, 1_000_000, first + 2)).toMatchObject({ first, last: first + 2, count: 3 });
      expect(log.read(first, 1, first + 4)).toMatchObject({ first, last: first, count: 1 });
      expect(log.readDay(first, 1_000_000, first + 4, memory)).toMatchObject({ first, last: first + 1, count: 2 });
      expect(log.readDay(first + 2, 1_000_000, first + 4, { ...memory, bytes: 0 })).toMatchObject({ count: 3 });
      expect(log.read(first + 5, 1_000_000, first + 9)).toMatchObject({ first: first + 5, last: first + 4, count: 0 });
      close();
    });

    it('lets go nothing above the checkpoint, and says of what is gone that it is', async () => {
      const { log, settle, close } = open();
      for (let number = 0; number < 8; number += 1) append(log, number);
      log.commit();
      await settle();
      const first = log.oldest;
      log.advanceCheckpoint(first + 3);
      log.trimLater();
      await settle();
      expect(log.checkpoint).toBe(first + 3);
      expect(log.oldest).toBeLessThanOrEqual(first + 4);
      expect(log.read(first + 4, 1_000_000, log.head)).toMatchObject({ first: first + 4, count: 4 });
      expect(() => log.read(log.oldest - 1, 1, log.head)).toThrow(
        expect.objectContaining({ failure: 'pastRetention' }),
      );
      close();
    });

    it('visits the ids of its events with their seqs and tags, and knows the epoch of each', async () => {
      const { log, settle, close } = open();
      for (let number = 0; number < 5; number += 1) append(log, number);
      log.commit();
      await settle();
      const ids = new Map<number, readonly [id: string, tag: number]>();
      log.scanIds((id, _occurred, seq, _received, tag) => void ids.set(seq, [id, tag]), log.oldest + 1);
      for (const { seq, number } of readAll(log).slice(2))
        expect(ids.get(seq)).toEqual([sent(number).id, tagOf(sent(number))]);
      expect([...ids.values()].filter(([, tag]) => tag !== 0)).toHaveLength(1);
      expect(log.epochOf(log.head)).toBe(log.epoch);
      expect([log.newestUpTo(log.head + 9), log.newestUpTo(log.oldest - 1)]).toEqual([log.head, 0]);
      close();
    });

    it('takes nothing more once it has failed, and tells those who wait', async () => {
      const { log, fail, close } = open();
      if (fail === null) return close();
      let told: unknown = null;
      log.horizon$.subscribe({
        error: (error) => {
          told = error;
        },
      });
      append(log, 1);
      log.commit();
      await fail();
      expect(told).toBe(log.failed);
      expect(log.failed?.failure).toBe('journalFailed');
      expect(() => append(log, 2)).toThrow(Failure);
      expect(log.horizon.ticket).toBeLessThan(log.committed.ticket);
      close();
    });
  });
}
