/**
 * What every log must do over its lives: after a kill, in a new epoch, and while it lets go what a reader still reads.
 */
import { describe, expect, it } from 'vitest';
import { append, type OpenedLog, readAll } from './log-suite.ts';

export interface LivingLog extends OpenedLog {
  /** What a start finds after a kill. */
  restart(): LivingLog;
  /** What a start in a new epoch finds; null for a log that has one only. */
  readonly beginEpoch: (() => LivingLog) | null;
}

/** Of one group. The journal ends no file within a group. */
const groupMax = 5;

/** Appends so many from a number on; all of them are handed on, and kept. */
async function keep({ log, settle }: OpenedLog, from: number, count: number): Promise<void> {
  for (let nth = 0; nth < count; nth += 1) {
    append(log, from + nth);
    if (nth % groupMax === groupMax - 1) log.commit();
  }
  log.commit();
  await settle();
}

export function describeLives(name: string, open: () => LivingLog): void {
  describe(`the lives of a log (${name})`, () => {
    it('begin with all that was kept before a kill, and nothing that was only appended', async () => {
      const before = open();
      await keep(before, 0, 6);
      const { oldest, head, epoch } = before.log;
      const kept = readAll(before.log);
      before.log.advanceCheckpoint(oldest + 1);
      append(before.log, 6);
      const after = before.restart();
      expect(readAll(after.log)).toEqual(kept);
      expect([after.log.head, after.log.epoch, after.log.hasPending]).toEqual([head, epoch, false]);
      expect(after.log.checkpoint).toBe(oldest + 1);
      await keep(after, 7, 2);
      expect(readAll(after.log)).toEqual([...kept, { seq: head + 1, number: 7 }, { seq: head + 2, number: 8 }]);
      after.close();
    });

    const probe = open();
    probe.close();
    if (probe.beginEpoch !== null) describeEpochs(open);

    it('leave a reader the rows that it has read, and tell it where to go on when trim has passed it', async () => {
      const opened = open();
      const { log, settle } = opened;
      await keep(opened, 0, 60);
      const first = log.oldest;
      const all = readAll(log);
      const memory = { buffer: Buffer.alloc(0), bytes: 0 };
      const chunk = log.read(first, 900, log.head, memory);
      const text = chunk.rows.toString();
      log.advanceCheckpoint(first + 50);
      log.trimLater();
      await settle();
      await keep(opened, 60, 5);
      expect(chunk.rows.toString()).toBe(text);
      const next = chunk.last + 1;
      expect(log.oldest).toBeGreaterThan(next);
      expect(() => log.read(next, 900, log.head)).toThrow(expect.objectContaining({ failure: 'pastRetention' }));
      const rest = readAll(log);
      expect(rest.slice(0, -5)).toEqual(all.slice(log.oldest - first));
      expect(rest.at(-1)).toEqual({ seq: log.head, number: 64 });
      opened.close();
    });
  });
}

function describeEpochs(open: () => LivingLog): void {
  it('go on in a new epoch above all seqs of the old one, and no chunk holds events of both', async () => {
    const before = open();
    await keep(before, 0, 3);
    const { oldest, head, epoch } = before.log;
    const after = before.beginEpoch?.() ?? expect.unreachable();
    const { log } = after;
    expect(log.epoch).not.toBe(epoch);
    expect(log.firstSeq).toBeGreaterThan(head);
    await keep(after, 3, 2);
    expect(readAll(log, 1_000_000).map(({ number }) => number)).toEqual([0, 1, 2, 3, 4]);
    expect(log.read(oldest, 1_000_000, log.head)).toMatchObject({ first: oldest, last: head, count: 3 });
    const next = log.read(head + 1, 1_000_000, log.head);
    expect(next).toMatchObject({ first: log.firstSeq, last: log.firstSeq + 1, count: 2 });
    expect([log.epochOf(head), log.epochOf(next.first)]).toEqual([epoch, log.epoch]);
    expect(log.newestUpTo(log.firstSeq - 1)).toBe(head);
    after.close();
  });
}
