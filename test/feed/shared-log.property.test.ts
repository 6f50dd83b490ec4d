/**
 * Readers that share the log each get what they would get alone: every match behind their position, once and in order.
 * The log is of two epochs, and what lies between them, where no seq was given, is one step for each.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { frameText, framingOf } from '../../src/feed/frames.ts';
import { createSharedLog, type SharedReader } from '../../src/feed/shared-log.ts';

const events = 1_500;
const eventsOfFirstEpoch = 700;
const secondEpoch = 3 * 2 ** 20 + 1;
const seqOf = (at: number): number => (at < eventsOfFirstEpoch ? at + 1 : secondEpoch + at - eventsOfFirstEpoch);
const log: readonly StoredEvent[] = Array.from({ length: events }, (_, at) => {
  const seq = seqOf(at);
  const body = {
    occurred: `2026-01-01T00:00:${String(seq % 60).padStart(2, '0')}Z`,
    event: `n${seq % 3}`,
    resource: { 'prefect.resource.id': 'é' },
    related: [],
    payload: {},
    id: `00000000-0000-4000-8000-${String(seq).padStart(12, '0')}`,
    follows: null,
  };
  return { seq, raw: JSON.stringify(body), search: '', body };
});

/** As the log gives it: the next read overwrites it. */
function fleeting(event: StoredEvent, isThere: () => boolean): StoredEvent {
  const look = () => {
    if (!isThere()) throw new Error('An event was looked at after the next read');
    return event;
  };
  return {
    seq: event.seq,
    get raw() {
      return look().raw;
    },
    get search() {
      return look().search;
    },
    get body() {
      return look().body;
    },
  };
}

interface Position {
  readonly reader: SharedReader;
  readonly name: number;
  readonly form: 'plain' | 'positions';
  readonly start: number;
  position: number;
  readonly got: { seq: number; id: string; frame: string }[];
}

test('law: for any interleaving of readers that come, read and leave, each gets its matches once, in order, framed for it', () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('come' as const),
      name: fc.nat(2),
      form: fc.constantFrom('plain' as const, 'positions' as const),
      start: fc.constantFrom(0, 5, 256, 640, seqOf(900)),
    }),
    fc.record({
      kind: fc.constant('read' as const),
      reader: fc.nat(9),
      // The mark of a new epoch that has no event yet, too.
      mark: fc.oneof({ weight: 9, arbitrary: fc.nat(events - 1).map(seqOf) }, fc.constant(secondEpoch - 1)),
    }),
    fc.record({ kind: fc.constant('leave' as const), reader: fc.nat(9) }),
  );
  let reads = 0;
  let steps = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (taken) => {
      const shared = createSharedLog(
        {
          read(from, bytesMax, upTo) {
            reads += 1;
            const found = log.filter(({ seq }) => seq >= from && seq <= Math.min(upTo, from + bytesMax));
            const next = log.find(({ seq }) => seq >= from)?.seq ?? from;
            const thisRead = reads;
            const events = found.map((event) => fleeting(event, () => reads === thisRead));
            return { events, last: found.at(-1)?.seq ?? next - 1 };
          },
        },
        200,
      );
      const readers: Position[] = [];
      for (const now of taken) {
        if (now.kind === 'come') {
          const { name, form, start } = now;
          const fits = (event: StoredEvent) => event.body.event === `n${name}`;
          readers.push({
            reader: shared(`n${name}`, fits, framingOf(form)),
            name,
            form,
            start,
            position: start,
            got: [],
          });
          continue;
        }
        const one = readers[now.reader % Math.max(1, readers.length)];
        if (one === undefined) continue;
        if (now.kind === 'leave') {
          one.reader.leave();
          readers.splice(readers.indexOf(one), 1);
        } else if (one.position < now.mark) {
          steps += 1;
          const { matches, last } = one.reader.read(one.position + 1, now.mark);
          expect(last).toBeGreaterThan(one.position);
          expect(last).toBeLessThanOrEqual(now.mark);
          const isBetween = one.position >= eventsOfFirstEpoch && one.position + 1 < secondEpoch;
          if (isBetween && now.mark >= secondEpoch - 1) expect(last).toBe(secondEpoch - 1);
          one.position = last;
          for (const { seq, id, frame } of matches)
            one.got.push({ seq, id: id(), frame: Buffer.from(frame).toString() });
        }
      }
      for (const { name, form, start, position, got } of readers) {
        const wanted = log.filter(({ seq, body }) => seq > start && seq <= position && body.event === `n${name}`);
        expect(got).toEqual(
          wanted.map(({ seq, raw, body }) => ({ seq, id: body.id, frame: frameText(framingOf(form), raw, seq) })),
        );
      }
    }),
    { numRuns: 300 },
  );
  // Some of what was asked for had been read by another.
  expect(reads).toBeLessThan(steps);
});

test('who is alone in the log reads as much as a turn may take; beside others stretches end where all of them end', () => {
  const shared = createSharedLog(
    { read: (from, bytesMax, upTo) => ({ events: [], last: Math.min(upTo, from + bytesMax - 1) }) },
    200,
  );
  const reader = (name: string) => shared(name, () => true, framingOf('plain'));
  const first = reader('one');
  expect(first.read(1, 1000).last).toBe(200);
  const other = reader('another filter');
  expect(first.read(201, 1000).last).toBe(256);
  expect(other.read(257, 1000).last).toBe(384);
  expect(other.read(128, 1000).last).toBe(128);
  expect(other.read(129, 1000).last).toBe(256);
  other.leave();
  expect(first.read(257, 1000).last).toBe(456);
});

/** Who has read what, of which filter. */
function countedLog(bytesMax: number, textOf: (seq: number) => string = () => '') {
  const reads: number[] = [];
  const shared = createSharedLog(
    {
      read(from, max, upTo) {
        reads.push(from);
        const last = Math.min(upTo, from + max - 1);
        const events = Array.from({ length: last - from + 1 }, (_, at) => {
          const seq = from + at;
          const id = `00000000-0000-4000-8000-${String(seq).padStart(12, '0')}`;
          const body = {
            occurred: '2026-01-01T00:00:00Z',
            event: 'e',
            resource: {},
            related: [],
            payload: {},
            id,
            follows: null,
          };
          return { seq, raw: textOf(seq), search: '', body };
        });
        return { events, last };
      },
    },
    bytesMax,
  );
  return { reads, come: (name: string) => shared(name, () => true, framingOf('plain')) };
}

test('what one of two readers has read is there for the other, once, and then gone', () => {
  const { reads, come } = countedLog(128);
  const [one, other] = [come('a'), come('a')];
  one.read(1, 1_000);
  one.read(129, 1_000);
  other.read(1, 1_000);
  other.read(129, 1_000);
  expect(reads).toEqual([1, 129]);
  other.read(1, 1_000);
  expect(reads).toEqual([1, 129, 1]);
  const elsewhere = come('b');
  elsewhere.read(129, 1_000);
  expect(reads).toEqual([1, 129, 1, 129]);
});

test('when all of a filter have left, nothing of it is kept for who comes later', () => {
  const { reads, come } = countedLog(128);
  const [one, other, third] = [come('a'), come('a'), come('a')];
  one.read(1, 1_000);
  other.read(1, 1_000);
  expect(reads).toEqual([1]);
  for (const reader of [one, other, third]) reader.leave();
  const [next, last] = [come('a'), come('a')];
  next.read(1, 1_000);
  expect(reads).toEqual([1, 1]);
  last.read(1, 1_000);
  expect(reads).toEqual([1, 1]);
});

test('who leaves, even twice, has left once: the two who stay go on sharing', () => {
  const { reads, come } = countedLog(128);
  const [one, other, third] = [come('a'), come('a'), come('a')];
  one.leave();
  one.leave();
  other.read(1, 1_000);
  third.read(1, 1_000);
  expect(reads).toEqual([1]);
  // What is kept for a reader stays when another leaves.
  third.read(129, 1_000);
  const late = come('a');
  late.leave();
  other.read(129, 1_000);
  expect(reads).toEqual([1, 129]);
});

test('who reads by a filter alone keeps nothing: a later reader reads for itself', () => {
  const { reads, come } = countedLog(128);
  const [one] = [come('a'), come('b')];
  one.read(1, 1_000);
  come('a').read(1, 1_000);
  expect(reads).toEqual([1, 1]);
});

test('what was kept for those who have left takes no room from others', () => {
  // Six stretches have room.
  const { reads, come } = countedLog(128, () => 'x'.repeat(10_000));
  const starts = Array.from({ length: 6 }, (_, at) => 1 + at * 128);
  const [one, other, gone, alsoGone] = [come('a'), come('a'), come('b'), come('b')];
  for (const from of starts.slice(0, 4)) one.read(from, 100_000);
  gone.read(1, 100_000);
  gone.read(129, 100_000);
  gone.leave();
  alsoGone.leave();
  for (const from of starts.slice(4)) one.read(from, 100_000);
  reads.length = 0;
  for (const from of starts) other.read(from, 100_000);
  expect(reads).toEqual([]);
});

test('what is kept has a bound for all filters together: beyond it the longest unused goes', () => {
  const { reads, come } = countedLog(128, () => 'x'.repeat(10_000));
  const [one, other] = [come('a'), come('a')];
  // Each stretch is 1.3 MB, and 8 MiB are kept: six of them.
  const starts = Array.from({ length: 12 }, (_, at) => 1 + at * 128);
  for (let round = 0; round < 3; round += 1) {
    reads.length = 0;
    for (const from of starts) one.read(from, 100_000);
    for (const from of starts) other.read(from, 100_000);
    // The other reader finds the six youngest only where it comes for them; what it read itself it shares in turn.
    expect(reads.length).toBeLessThanOrEqual(starts.length * 2);
    reads.length = 0;
    for (const from of starts.slice(-5)) one.read(from + 12 * 128, 100_000);
    for (const from of starts.slice(-5)) other.read(from + 12 * 128, 100_000);
    expect(reads).toHaveLength(5);
  }
});
