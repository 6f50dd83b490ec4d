/**
 * Replicas are the same, however the messages of the shared log come to them (I2): in any chunks, told again, over
 * kills, failed writes and power cuts.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../src/base/crc32.ts';
import { Failure } from '../../src/base/errors.ts';
import { createSegment } from '../../src/journal/segment.ts';
import type { PassedOver } from '../../src/shared-log/apply-rules.ts';
import { randomFrom } from '../../support/random.ts';
import { open } from '../journal/support.ts';
import { modelMs, modelRuns } from './model-runs.ts';
import { epoch, firstSeq, idsMax, idsMs, Life, type Message } from './replica-life.ts';
import { blockOf, idOf, type SpooledEvent, spooledEvent, stamped } from './rows.ts';

const startMs = Date.UTC(2026, 10, 29, 12);

/** A shared log: blocks that were judged a little earlier, or long ago, or are no blocks, each at its time. */
const sharedLog = fc
  .array(
    fc.record({
      events: fc.array(spooledEvent(14), { maxLength: 4 }),
      judgedBehind: fc.oneof({ weight: 5, arbitrary: fc.nat(3) }, fc.integer({ min: -2, max: 12 })),
      stepMs: fc.oneof({ weight: 8, arbitrary: fc.nat(900) }, fc.integer({ min: -5_000, max: 70_000 })),
      isDamaged: fc.oneof({ weight: 12, arbitrary: fc.constant(false) }, fc.constant(true)),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map((blocks) => {
    const reference = new Reference();
    let ms = startMs;
    return blocks.map(({ events, judgedBehind, stepMs, isDamaged }, nth): Message => {
      ms += stepMs;
      const judgedAt = Math.max(firstSeq - 1, reference.seq - judgedBehind);
      const data = blockOf(events, 1 + nth * 10, judgedAt);
      if (isDamaged) data[0] = (data[0] ?? 0) ^ 1;
      const message = { ms, data: () => data, events, judgedAt, isDamaged };
      reference.take(message);
      return message;
    });
  });

/** What must come out, by the plainest way. */
class Reference {
  seq = firstSeq - 1;
  readonly rows: string[] = [];
  readonly passedOver: (PassedOver | null)[] = [];
  /** Of each message, the places of the rows whose ids are taken. */
  readonly taken: number[][] = [];
  #ids: { id: number; seq: number; ms: number; tag: number }[] = [];
  #ms = 0;

  take({ ms, events, judgedAt, isDamaged }: Message): void {
    this.#ms = Math.max(this.#ms, ms);
    const taken: number[] = [];
    this.taken.push(taken);
    if (isDamaged) return void this.passedOver.push('damaged');
    const second = (time: number): number => Math.floor(time / 1000);
    this.#ids = this.#ids.filter((known) => second(known.ms) >= second(this.#ms) - idsMs / 1000);
    const leftUpTo = (this.#ids[0]?.seq ?? this.seq + 1) - 1;
    const isStale = this.seq - judgedAt > idsMax / 2 || leftUpTo > judgedAt;
    this.passedOver.push(judgedAt > this.seq ? 'ahead' : isStale ? 'stale' : null);
    if (this.passedOver.at(-1) !== null) return;
    const known = new Map(this.#ids.map(({ id, tag }) => [id, tag]));
    for (const [at, event] of events.entries()) {
      const first = known.get(event.nth);
      // None of these events carries a label that anybody forces.
      if (first !== undefined && first !== event.tag) taken.push(at);
      if (first !== undefined) continue;
      known.set(event.nth, event.tag);
      this.seq += 1;
      this.#ids.push({ id: event.nth, seq: this.seq, ms: this.#ms, tag: event.tag });
      const iso = new Date(this.#ms).toISOString();
      const isWhole = iso.endsWith('.000Z');
      const received = isWhole ? `${iso.slice(0, 19)}Z` : `${iso.slice(0, 23)}000Z`;
      const column = `${iso.slice(0, 10)} ${iso.slice(11, 23)}000`;
      this.rows.push(stamped(this.seq, event, received, column));
    }
    this.#ids = this.#ids.slice(-idsMax);
  }
}

function referenceOf(messages: readonly Message[]): Reference {
  const reference = new Reference();
  for (const message of messages) reference.take(message);
  return reference;
}

type Step =
  | { kind: 'apply'; count: number }
  | { kind: 'commit' | 'kill' | 'stop' | 'repeat' | 'gap' | 'no room' }
  | { kind: 'power cut'; seed: number }
  | { kind: 'trim'; share: number }
  | { kind: 'torn write'; bytes: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('apply' as const), count: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom(...(['commit', 'commit', 'commit', 'kill', 'stop', 'repeat', 'gap', 'no room'] as const)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('power cut' as const), seed: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('trim' as const), share: fc.constantFrom(0.3, 0.8, 1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('torn write' as const), bytes: fc.integer({ max: 3_000 }) }) },
);

function live(messages: readonly Message[], steps: readonly Step[], hasIdFiles: boolean): Life {
  const life = new Life(hasIdFiles);
  for (const each of steps) {
    const { replica } = life;
    if (each.kind === 'apply') life.apply(messages, Math.min(messages.length, replica.applying + each.count));
    else if (each.kind === 'commit') life.commit();
    else if (each.kind === 'trim') life.trim(each.share);
    else if (each.kind === 'kill' || each.kind === 'stop') life.restart(each.kind, () => 0);
    else if (each.kind === 'power cut') life.restart('power cut', randomFrom(each.seed));
    else if (each.kind === 'no room') refuseWrite(life, replica.applied.stream);
    else if (each.kind === 'torn write') tearWrite(life, each.bytes);
    else refuse(life, messages, each.kind);
  }
  life.apply(messages, messages.length);
  life.commit();
  return life;
}

/** The write fails, and nothing of it stays. */
function refuseWrite(life: Life, committed: number): void {
  life.disk.writes = life.log.hasPending ? ['ENOSPC'] : [];
  const had = life.log.hasPending;
  if (had) expect(() => life.replica.commit()).toThrow(Failure);
  expect(life.replica.applying).toBe(committed);
}

/** The process dies when so many bytes of a write are on the disk. */
function tearWrite(life: Life, bytes: number): void {
  const { truncate } = life.disk;
  life.disk.writes = [Math.max(1, bytes), 'EIO'];
  life.disk.truncate = () => undefined;
  try {
    life.replica.commit();
  } catch {
    // It dies next.
  }
  life.disk.truncate = truncate;
  life.restart('kill', () => 0);
}

function refuse({ replica }: Life, messages: readonly Message[], kind: 'repeat' | 'gap'): void {
  const { applying, seq } = replica;
  const stream = kind === 'repeat' ? applying : applying + 2;
  const message = messages[stream - 1];
  if (message === undefined) return;
  expect(replica.apply(stream, message.ms, message.data())).toBe(kind);
  expect([replica.applying, replica.seq]).toEqual([applying, seq]);
}

const anEvent: SpooledEvent = { nth: 0, text: '', hasFraction: true, tag: 0, isFromPrefect: false };

describe('a replica', () => {
  it('keeps the tag of a forced label, and that a Prefect server handed an event on', () => {
    const life = new Life();
    const events = [0, 7].flatMap((tag) =>
      [false, true].map((isFromPrefect) => ({ nth: tag + Number(isFromPrefect), tag, isFromPrefect })),
    );
    const rest = { text: '', hasFraction: true };
    const block = blockOf(
      events.map((event) => ({ ...event, ...rest })),
      1,
      firstSeq - 1,
    );
    life.replica.apply(1, startMs, block);
    life.replica.commit();
    life.restart('kill', () => 0);
    const tags: number[] = [];
    life.log.scanIds((_id, _occurred, _seq, _received, tag) => void tags.push(tag));
    expect(tags).toEqual([0, 0, 7, 7]);
    const own: number[] = [];
    life.log.readOwn(
      firstSeq,
      1_000_000,
      life.log.head,
      (rows, at) => void own.push(Number(rows.toString('latin1', at, at + 7))),
    );
    expect(own).toEqual([firstSeq, firstSeq + 2]);
  });

  it('stops at a block of a version that it does not know, and says which', () => {
    const { replica } = new Life();
    const block = blockOf([], 1, firstSeq - 1);
    block[4] = 2;
    block.writeUInt32LE(crc32(block.subarray(4)), 0);
    expect(() => replica.apply(1, startMs, block)).toThrow('a block of version 2, and this version of Sluice knows 1');
    expect([replica.applying, replica.seq]).toEqual([0, firstSeq - 1]);
  });

  it('is of one shared log for ever', () => {
    const life = new Life();
    life.log.close();
    const replicaOf = { epoch: '7d444840-9dc0-11d1-b245-5ffdce74fad2', firstSeq };
    expect(() => open('/data', { replicaOf }, life.disk)).toThrow('they do not belong together');
  });

  it('is refused where no file of it says any more how far it has got', () => {
    const life = new Life();
    life.log.close();
    const { disk } = life;
    disk.unlink('/data/journal/00000000000001000001.seg');
    disk.close(createSegment(disk, '/data/journal', epoch, firstSeq + 9, false).file);
    expect(() => life.restart('kill', () => 0)).toThrow('says no more how far the shared log is applied');
  });

  it('remembers after a start where an id stands that had left by its age and came again', () => {
    const life = new Life();
    for (const [at, ms] of [startMs, startMs + 61_000, startMs + 61_000].entries()) {
      life.replica.apply(at + 1, ms, blockOf([{ ...anEvent, nth: at % 2 }], at + 1, life.replica.seq));
      if (at === 1) life.replica.apply(3, ms, blockOf([anEvent], 3, life.replica.seq));
    }
    life.replica.commit();
    const { seq, window } = life.replica;
    life.restart('kill', () => 0);
    expect([seq, window.seqOf(idOf(0)), window.oldestSeq]).toEqual([firstSeq + 2, firstSeq + 2, firstSeq + 1]);
    const { window: again } = life.replica;
    expect([again.seqOf(idOf(0)), again.oldestSeq]).toEqual([firstSeq + 2, firstSeq + 1]);
  });

  it(
    'is what the rules say, and the same as any other',
    () => {
      fc.assert(
        fc.property(sharedLog, fc.array(step, { maxLength: 30 }), fc.boolean(), (messages, steps, hasIdFiles) => {
          const reference = referenceOf(messages);
          const life = live(messages, steps, hasIdFiles);
          expect(life.rows()).toBe(reference.rows.slice(life.log.oldest - firstSeq).join(''));
          expect(life.passedOver).toEqual(reference.passedOver);
          expect(life.taken).toEqual(reference.taken);
          expect(life.replica.applied).toEqual({
            stream: messages.length,
            receivedMs: Math.max(...messages.map(({ ms }) => ms)),
          });
        }),
        { numRuns: modelRuns },
      );
    },
    modelMs,
  );
});
