/**
 * I3 while live, as a law: whatever windows the members of one topic have, whoever joins and leaves, each member gets
 * each event that its own window holds, both bounds included, once, in its own form, and no other.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { timeKey } from '../../schemas/event.ts';
import type { Filter } from '../../schemas/filter.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { createFanOut } from '../../src/feed/fan-out.ts';
import type { Member } from '../../src/feed/filter-topics.ts';
import { type Form, framingOf } from '../../src/feed/frames.ts';
import { FilterIndex } from '../../src/filter/filter-index.ts';
import { filterKey } from '../../src/filter/filter-key.ts';
import { compilePredicate } from '../../src/filter/predicate.ts';
import { defaultFilter } from '../../src/filter/validate-filter.ts';

/** With and without a fraction, which sort differently as texts. */
const times = ['12:00:00Z', '12:00:00.5Z', '12:00:01Z', '12:00:01.000001Z', '12:00:02Z'].map(
  (time) => `2026-01-01T${time}`,
);
const forms = ['plain', 'positions', 'stream'] as const;

interface Plan {
  readonly since: number;
  readonly until: number | null;
  readonly form: Form;
}

type Step =
  | { kind: 'join'; plan: Plan }
  | { kind: 'leave'; nth: number }
  | { kind: 'lag'; nth: number }
  | { kind: 'flush'; times: number[] };

const time = fc.nat(times.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('join' as const),
      plan: fc.record({ since: time, until: fc.option(time), form: fc.constantFrom(...forms) }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('leave' as const), nth: fc.nat(7) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lag' as const), nth: fc.nat(7) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('flush' as const), times: fc.array(time, { maxLength: 5 }) }) },
);

/** One member, what it got, and what it is owed. */
class Listener {
  readonly got: string[] = [];
  readonly owed: string[] = [];
  readonly filter: Filter;
  readonly member: Member;
  buffered = 0;
  lags = 0;
  /** Frames that came to it alone, not by its topic. */
  alone = 0;

  constructor({ since, until, form }: Plan, topics: Map<string, Set<Listener>>) {
    const base = defaultFilter({ now: new Date('2026-01-02T00:00:00Z'), openEnded: true });
    this.filter = { ...base, occurred: { since: times[since]!, until: until === null ? null : times[until]! } };
    this.member = {
      filter: this.filter,
      filters: [this.filter],
      key: filterKey([this.filter]),
      fits: compilePredicate([this.filter]),
      framing: framingOf(form),
      socket: {
        send: (frame) => {
          this.got.push(Buffer.from(frame).toString());
          this.alone += 1;
        },
        cork: (write) => write(),
        bufferedBytes: () => this.buffered,
        subscribe: (topic) => topics.set(topic, (topics.get(topic) ?? new Set()).add(this)),
        unsubscribe: (topic) => topics.get(topic)?.delete(this),
      },
      lags: () => {
        this.lags += 1;
      },
    };
  }

  holds({ body }: StoredEvent): boolean {
    const { since, until } = this.filter.occurred;
    const at = timeKey(body.occurred);
    return at >= timeKey(since) && (until === null || at <= timeKey(until));
  }

  owe(event: StoredEvent): void {
    const { seq, raw } = event;
    if (!this.holds(event)) return;
    const { head, tail } = this.member.framing.shell(seq);
    this.owed.push(`${head}${raw}${tail}`);
  }
}

function sumOf(listeners: readonly Listener[]): number {
  return listeners.reduce((sum, { alone }) => sum + alone, 0);
}

function eventOf(seq: number, occurred: string): StoredEvent {
  const id = `00000000-0000-4000-8000-${String(seq).padStart(12, '0')}`;
  const body = { occurred, event: 'e', resource: {}, related: [], payload: { text: 'é' }, id, follows: null };
  return { seq, raw: JSON.stringify(body), search: '', body };
}

function run(steps: readonly Step[]): void {
  const topics = new Map<string, Set<Listener>>();
  const counters = { delivered: 0, lagged: 0 };
  const publish = (topic: string, frame: string | Uint8Array): void => {
    const text = Buffer.from(frame).toString();
    const listeners = topics.get(topic) ?? new Set();
    // A publish costs, also where nobody listens.
    expect(listeners.size).toBeGreaterThan(0);
    for (const { got } of listeners) got.push(text);
  };
  const fanOut = createFanOut(new FilterIndex(), publish, { bufferBytesMax: 0, sweepBytes: 1 }, counters);
  const all: Listener[] = [];
  const live: Listener[] = [];
  let seq = 0;
  for (const each of steps) {
    switch (each.kind) {
      case 'join': {
        const listener = new Listener(each.plan, topics);
        all.push(listener);
        live.push(listener);
        fanOut.join(listener.member);
        break;
      }
      case 'leave': {
        const [gone] = live.splice(each.nth, 1);
        if (gone !== undefined) fanOut.leave(gone.member);
        break;
      }
      case 'lag': {
        const [gone] = live.splice(each.nth, 1);
        if (gone === undefined) break;
        // It is found at the next look at the buffers, which follows the next bytes: until then it is a member.
        const event = eventOf(++seq, gone.filter.occurred.since);
        gone.buffered = 1;
        for (const listener of [...live, gone]) listener.owe(event);
        fanOut.flush([event]);
        const wasOwed = all.some(({ owed }) => owed.at(-1)?.includes(event.body.id) ?? false);
        if (!wasOwed) fanOut.leave(gone.member);
        expect(gone.lags).toBe(wasOwed ? 1 : 0);
        break;
      }
      case 'flush': {
        const batch = each.times.map((at) => eventOf(++seq, times[at]!));
        for (const event of batch) for (const listener of live) listener.owe(event);
        const sharing = live.filter(({ member }) => member.framing.shared !== null);
        const before = sumOf(sharing);
        fanOut.flush(batch);
        // One by one only where the windows of a topic differ about an event.
        const contested = batch.filter((event) => !live.every((listener) => listener.holds(event)));
        const owedAlone = contested.flatMap((event) => sharing.filter((listener) => listener.holds(event)));
        expect(sumOf(sharing) - before).toBe(owedAlone.length);
        break;
      }
      default:
        each satisfies never;
    }
    expect(fanOut.memberCount).toBe(live.length);
    expect(fanOut.topicCount).toBe(live.length === 0 ? 0 : 1);
    expect([...topics.values()].reduce((sum, { size }) => sum + size, 0)).toBe(
      live.filter(({ member }) => member.framing.shared !== null).length,
    );
  }
  for (const { got, owed } of all) expect(got).toEqual(owed);
  expect(counters.delivered).toBe(all.reduce((sum, { owed }) => sum + owed.length, 0));
  expect(counters.lagged).toBe(all.reduce((sum, { lags }) => sum + lags, 0));
}

test('each member of a topic gets what its own window holds, whoever else is in it', () => {
  fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 30, size: 'max' }), run), { numRuns: 1_000 });
});

test('buffers are looked at only when as many bytes went out as one member may get between two looks', () => {
  const counters = { delivered: 0, lagged: 0 };
  const listener = new Listener({ since: 0, until: null, form: 'plain' }, new Map());
  const event = eventOf(1, times[0]!);
  const bytes = Buffer.from(event.raw).length + '{"type":"event","event":}'.length;
  const options = { bufferBytesMax: 10, sweepBytes: 2 * bytes };
  const fanOut = createFanOut(new FilterIndex(), () => undefined, options, counters);
  fanOut.join(listener.member);
  listener.buffered = 10;
  fanOut.flush([event, event]);
  expect(listener.lags).toBe(0);
  listener.buffered = 11;
  fanOut.flush([event]);
  expect(listener.lags).toBe(0);
  fanOut.flush([event]);
  expect([listener.lags, counters.lagged, fanOut.memberCount]).toEqual([1, 1, 0]);
});
