/**
 * I3 and I5 as laws over a model: for any interleaving of intake, insert, trim, subscribe, slow reading, leaving,
 * resuming and restarts, in the same epoch or a new one, each subscriber gets each matching event exactly once,
 * history, log and live meet without gap, and what lies between two epochs, where no seq was given, costs nobody more
 * than a step. Modelled: the log, the table and the sockets, in memory, with the real feed, log reader, fan-out, filter
 * index and predicate over them. A new epoch leaves the old one's tail as it is, as `sluice adopt` does.
 * Not modelled here: ClickHouse's own behaviour, the journal's files and what a power cut takes (tests of those rooms
 * run on the real parts, test/crash on all of them).
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Filter } from '../../schemas/filter.ts';
import { wholeScope } from '../../schemas/read-scope.ts';
import type { Form } from '../../src/feed/frames.ts';
import { ModelSocket, type Resume } from './model-socket.ts';
import { makeFilter, matches, World } from './model-world.ts';

type Step =
  | { kind: 'take'; names: number[] }
  | { kind: 'insert'; rows: number }
  | { kind: 'trim' }
  | { kind: 'subscribe'; name: number; window: number; form: Form }
  | { kind: 'resume'; subscriber: number; frames: number; window: number }
  | { kind: 'read'; subscriber: number; bytes: number }
  | { kind: 'leave'; subscriber: number }
  | { kind: 'restart'; newEpochAfterSeconds: number | null }
  | { kind: 'turn' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('take' as const),
      names: fc.array(fc.nat(2), { minLength: 1, maxLength: 12 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('insert' as const), rows: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'trim' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('subscribe' as const),
      name: fc.nat(3),
      window: fc.nat(2),
      form: fc.constantFrom<Form[]>('plain', 'positions', 'stream'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('resume' as const),
      subscriber: fc.nat(9),
      frames: fc.nat(40),
      window: fc.nat(2),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('read' as const), subscriber: fc.nat(9), bytes: fc.nat(4_000) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), subscriber: fc.nat(9) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('restart' as const),
      newEpochAfterSeconds: fc.option(fc.nat(100_000)),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ kind: 'turn' as const }) },
);

interface Subscriber {
  readonly socket: ModelSocket;
  /** What it is owed. */
  readonly filter: Filter;
}

/** A run of the steps, and then everybody reads until nobody has anything to come. */
class Run {
  readonly world: World;
  readonly subscribers: Subscriber[] = [];
  readonly #epochs = new Map<ModelSocket, string>();

  constructor(holdMs: number) {
    this.world = new World(holdMs);
  }

  async step(now: Step): Promise<void> {
    const { world, subscribers } = this;
    switch (now.kind) {
      case 'take':
        return world.take(now.names);
      case 'insert':
        return world.insert(now.rows);
      case 'trim':
        return world.trim();
      case 'subscribe': {
        const filter = makeFilter(now.name, now.window);
        return this.#connect(new ModelSocket(world.topics, now.form), filter, null, filter);
      }
      case 'resume':
        return this.#resume(now);
      case 'read':
        return subscribers[now.subscriber]?.socket.read(now.bytes);
      case 'leave':
        return subscribers[now.subscriber]?.socket.hangUp();
      case 'restart':
        for (const { socket } of subscribers) socket.hangUp();
        return world.restart(now.newEpochAfterSeconds);
      case 'turn':
        return turn();
      default:
        now satisfies never;
    }
  }

  async settle(): Promise<void> {
    for (let round = 0; round < 400 && !this.#isSettled(); round += 1) {
      for (const { socket } of this.subscribers) socket.read(1_000_000);
      await turn();
    }
  }

  owed(filter: Filter): number[] {
    return this.world.log.filter((event) => matches(filter, event)).map(({ seq }) => seq);
  }

  #connect(socket: ModelSocket, filter: Filter, resume: Resume | null, owed: Filter): void {
    socket.feed = this.world.open({ filter, scope: wholeScope, backfill: true, form: socket.form, resume }, socket, {
      caughtUp: () => undefined,
      lagging: () => undefined,
      failed: (failure) => {
        throw failure;
      },
    });
    this.#epochs.set(socket, this.world.epoch);
    this.subscribers.push({ socket, filter: owed });
  }

  #resume(now: Step & { kind: 'resume' }): void {
    const { socket, filter } = this.subscribers[now.subscriber % this.subscribers.length] ?? {};
    // The connection may have ended before its last frames arrived, so any of them may be the last one seen.
    const count = 1 + (now.frames % (socket?.frames.length ?? 1));
    const resume = socket?.frames[count - 1]?.resume;
    if (!socket || !filter || !resume) return;
    socket.hangUp();
    const next = new ModelSocket(this.world.topics, socket.form, socket.seenAfter(count));
    const sent = { ...filter, occurred: makeFilter(0, now.window).occurred };
    const isSameEpoch = this.#epochs.get(socket) === this.world.epoch;
    // The window of the first connection holds, whatever this one would be cut to; a new feed has its own.
    this.#connect(next, sent, resume, isSameEpoch ? filter : sent);
    expect(next.isNewFeed).toBe(!isSameEpoch);
  }

  #isSettled(): boolean {
    return this.subscribers.every(
      ({ socket, filter }) => socket.gone || socket.seen.length >= this.owed(filter).length,
    );
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('an exact feed', () => {
  it('gives each subscriber each matching event exactly once, for any interleaving', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }),
        fc.constantFrom(0, 60_000),
        async (steps, holdMs) => {
          const run = new Run(holdMs);
          for (const now of steps) await run.step(now);
          await run.settle();
          for (const { socket, filter } of run.subscribers) {
            if (socket.gone) expect(new Set(socket.seen).size).toBe(socket.seen.length);
            else expect([...socket.seen].sort((a, b) => a - b)).toEqual(run.owed(filter));
          }
          expect(run.world.counters.repeats).toBe(0);
          const sent = run.subscribers.flatMap(({ socket }) => socket.frames.filter(({ seq }) => seq !== null));
          expect(run.world.counters.delivered).toBe(sent.length);
          for (const { socket } of run.subscribers) socket.feed?.stop();
          expect(run.world.pages.heldBytes).toBe(0);
          expect(run.world.filters.heldBytes).toBe(0);
        },
      ),
      { numRuns: 400 },
    );
  }, 600_000);
});
