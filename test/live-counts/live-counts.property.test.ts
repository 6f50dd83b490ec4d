/**
 * I13 as a law over a model: for any interleaving of intake, late and early events, insert, trim, time, joins, slow
 * reading, leaving and restarts, the list that each reader holds is at each frame what POST count-by answers for the
 * frame's window as of its position; and once all is read it has all events. Modelled: log, table and sockets, in
 * memory, with the real counters, log reader, filter index and predicate over them. Not modelled here: ClickHouse, on
 * which live-counts.clickhouse.test.ts runs.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CountsList } from '../../client/src/counts-list.ts';
import type { CountsFrame } from '../../schemas/count-frames.ts';
import type { Feed } from '../../src/feed/ports.ts';
import { type AskedFor, askedOf, question } from './asked-questions.ts';
import { CountsWorld, turn } from './model-world.ts';
import { type Asked, microsOf, plainCounts } from './plain-counts.ts';

/** Of events, for counters that have not looked yet (src/live-counts/count-topic.ts), at most. */
const keptMax = 128;
const start = Date.parse('2026-01-01T12:00:00Z');

beforeAll(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }));
afterAll(() => void vi.useRealTimers());

const body = fc.record({
  /** Microseconds before now. */
  ago: fc.oneof(
    fc.integer({ min: -3_000_000, max: 2_000_000 }),
    fc.integer({ min: -500_000, max: 90_000_000 }),
    fc.integer({ min: -110_000, max: 110_000 }),
  ),
  name: fc.nat(3),
  resource: fc.nat(4),
  called: fc.nat(2),
});
type Body = typeof body extends fc.Arbitrary<infer Value> ? Value : never;

type Step =
  | { readonly kind: 'take'; readonly bodies: readonly Body[] }
  | { readonly kind: 'insert'; readonly rows: number }
  | { readonly kind: 'trim' }
  | { readonly kind: 'ask'; readonly question: AskedFor }
  | { readonly kind: 'join'; readonly reader: number }
  | { readonly kind: 'stall' | 'read' | 'leave'; readonly reader: number }
  | { readonly kind: 'restart' }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'turn' }
  /** Time enough for all to become live. */
  | { readonly kind: 'turns' };

const constant = <Kind extends Step['kind']>(kind: Kind) => fc.constant({ kind });
const ofReader = <Kind extends Step['kind']>(kind: Kind) => fc.record({ kind: fc.constant(kind), reader: fc.nat(9) });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('take' as const),
      bodies: fc
        .tuple(fc.array(body, { minLength: 1, maxLength: 9 }), fc.nat(20))
        // At times more than is kept for a look.
        .map(([bodies, one]) =>
          one === 0 ? Array.from({ length: 3 * keptMax }, (_, at) => bodies[at % bodies.length]!) : bodies,
        ),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('insert' as const), rows: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 1, arbitrary: constant('trim') },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('ask' as const), question }) },
  { weight: 1, arbitrary: ofReader('join') },
  { weight: 1, arbitrary: ofReader('stall') },
  { weight: 2, arbitrary: ofReader('read') },
  { weight: 1, arbitrary: ofReader('leave') },
  { weight: 1, arbitrary: constant('restart') },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(40, 100, 130, 900, 7_000) }),
  },
  { weight: 5, arbitrary: constant('turn') },
  { weight: 2, arbitrary: constant('turns') },
);

class Reader {
  readonly asked: Asked;
  readonly list: CountsList;
  readonly world: CountsWorld;
  frames: CountsFrame[] = [];
  feed: Feed | null = null;
  isGone = false;
  isStalled = false;
  #waits = 0;

  constructor(world: CountsWorld, asked: Asked) {
    this.world = world;
    this.asked = asked;
    const { countable } = asked.request;
    this.list = new CountsList(countable === 'time' || countable === 'day');
  }

  send(text: string | Uint8Array): void {
    expect(this.isGone).toBe(false);
    expect(this.#waits).toBe(0);
    const frame: CountsFrame = JSON.parse(String(text));
    const before = this.frames.at(-1);
    expect(frame.whole === true || before !== undefined).toBe(true);
    if (before !== undefined) expect(frame.position).toBeGreaterThanOrEqual(before.position);
    if (this.isStalled) this.#waits = String(text).length;
    this.frames.push(frame);
    this.list.apply(frame);
    const events = this.world.events.filter(({ seq }) => seq <= frame.position);
    expect(this.list.counts()).toEqual(plainCounts(this.asked, events, frame, Date.now()));
    if (frame.counts !== undefined) expect(frame.counts).toEqual(this.list.counts());
  }

  bufferedBytes(): number {
    return this.#waits;
  }

  read(): void {
    this.isStalled = false;
    this.#waits = 0;
    this.feed?.drained();
  }

  leave(): void {
    this.feed?.stop();
    this.isGone = true;
  }
}

class Run {
  readonly world = new CountsWorld();
  readonly readers: Reader[] = [];

  async step(now: Step): Promise<void> {
    const { world } = this;
    switch (now.kind) {
      case 'take':
        return world.take(now.bodies.map(eventOf));
      case 'insert':
        return world.insert(now.rows);
      case 'trim':
        return world.trim();
      case 'ask':
        return this.#ask(askedOf(now.question));
      case 'join': {
        const other = this.readers[now.reader];
        return other === undefined ? undefined : this.#ask(other.asked);
      }
      case 'stall':
        if (this.readers[now.reader] !== undefined) this.readers[now.reader]!.isStalled = true;
        return;
      case 'read':
        return this.readers[now.reader]?.read();
      case 'leave':
        return this.readers[now.reader]?.leave();
      case 'restart':
        for (const reader of this.readers) reader.leave();
        return world.restart();
      case 'time':
        return void vi.advanceTimersByTime(now.ms);
      case 'turn':
        return turn();
      case 'turns':
        return this.#turns();
      default:
        now satisfies never;
    }
  }

  /** Until all that was taken has been shown. */
  async settle(): Promise<void> {
    for (const reader of this.readers) reader.read();
    await this.#turns();
    for (let round = 0; round < 8; round += 1) {
      vi.advanceTimersByTime(1_000);
      await turn();
    }
    vi.advanceTimersByTime(100);
  }

  check(): void {
    for (const { asked, list, frames, isGone } of this.readers) {
      if (isGone) continue;
      expect(frames.length).toBeGreaterThan(0);
      const last = frames.at(-1)!;
      // No event of its window is missing.
      expect(list.counts()).toEqual(plainCounts(asked, this.world.events, last, Date.now()));
      const { countable, lastMs, filter } = asked.request;
      if (filter.occurred.until !== null) continue;
      const nowUntil = new Date(Date.now() - (Date.now() % 100) - 1).toISOString().replace('Z', '999Z');
      if (countable === 'time' || countable === 'day') {
        // A bucket begins within a second of its time.
        if (countable === 'time') expect(microsOf(nowUntil) - microsOf(last.until)).toBeLessThan(16_100_000n);
        continue;
      }
      // Nothing has come since that would have changed the list.
      if (lastMs !== null) continue;
      expect(list.counts()).toEqual(plainCounts(asked, this.world.events, { ...last, until: nowUntil }, Date.now()));
    }
  }

  end(): void {
    for (const reader of this.readers) reader.leave();
    expect(this.world.counts.questionCount).toBe(0);
    expect(this.world.counts.liveCount).toBe(0);
    expect(this.world.filters.count).toBe(0);
    expect(this.world.budget.heldBytes).toBe(0);
  }

  async #turns(): Promise<void> {
    for (let round = 0; round < 60 + this.world.events.length; round += 1) await turn();
  }

  #ask(asked: Asked): void {
    const reader = new Reader(this.world, asked);
    const [, ...forced] = asked.filters;
    reader.feed = this.world.watch(asked.request, forced, reader, {
      caughtUp: () => undefined,
      lagging: () => undefined,
      failed: (failure) => {
        throw failure;
      },
    });
    this.readers.push(reader);
  }
}

function eventOf({ ago, name, resource, called }: Body) {
  const micros = BigInt(Date.now()) * 1_000n - BigInt(ago);
  const time = new Date(Number(micros / 1_000n))
    .toISOString()
    .replace('Z', `${String(micros % 1_000n).padStart(3, '0')}Z`);
  return {
    occurred: time.replace('.000000Z', 'Z'),
    event: `n${name}`,
    resource: {
      'prefect.resource.id': `r.${resource}`,
      ...(called > 0 && { 'prefect.resource.name': `called ${called}` }),
      ...(name > 0 && { region: `${name % 2 === 0 ? '\u{1F600}' : '\uFFFD'}${resource % 2}` }),
    },
  };
}

describe('a live count', () => {
  it('holds at each frame what is answered for its window as of its position, and in the end all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 70, size: 'max' }), async (steps) => {
        vi.setSystemTime(start);
        const run = new Run();
        try {
          for (const each of steps) await run.step(each);
          await run.settle();
          run.check();
          run.end();
        } finally {
          run.world.counts.close();
        }
      }),
      { numRuns: 400 },
    );
  }, 150_000);
});
