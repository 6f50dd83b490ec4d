/**
 * I3 where the cut between history and log is wrong: an event that history gave is not given again from the log. The
 * guard as a law, and the feed that asks it.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wholeScope } from '../../schemas/read-scope.ts';
import { createRepeatGuard } from '../../src/feed/repeat-guard.ts';
import { ModelSocket } from './model-socket.ts';
import { makeFilter, matches, World } from './model-world.ts';

const reach = 10_000;

test('what history gave within reach of the checkpoint is known, what it did not give is not', () => {
  const offset = fc.oneof(fc.constantFrom(-reach - 1, -reach, -reach + 1, 0, 1, reach, reach + 1), fc.integer());
  const row = fc.record({ offset, id: fc.nat(20) });
  fc.assert(
    fc.property(fc.nat(100_000), fc.array(row), fc.array(row), (checkpoint, noted, asked) => {
      const guard = createRepeatGuard(checkpoint);
      const idOf = (id: number): string => `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`;
      for (const { offset: at, id } of noted) guard.note({ seq: checkpoint + at, id: idOf(id) });
      const known = new Set(noted.filter(({ offset: at }) => at > -reach).map(({ id }) => id));
      // The log comes in the order of seqs; far behind the checkpoint all is forgotten.
      for (const { offset: at, id } of asked.toSorted((a, b) => a.offset - b.offset)) {
        expect(guard.repeats(checkpoint + at, () => idOf(id))).toBe(at <= reach && known.has(id));
      }
    }),
    { numRuns: 500 },
  );
});

test('the id of an event is not read where history gave nothing', () => {
  const guard = createRepeatGuard(5);
  const fail = (): string => {
    throw new Error('read');
  };
  expect(guard.repeats(6, fail)).toBe(false);
  guard.note({ seq: 5, id: '00000000-0000-4000-8000-000000000005' });
  expect(() => guard.repeats(6, fail)).toThrow('read');
});

test('a subscriber gets each event once though the table has events above the checkpoint, and they are counted', async () => {
  const world = new World(0, 3);
  world.take([0, 1, 0, 1, 0, 1, 0, 1]);
  world.insert(4);
  const filter = makeFilter(3, 0);
  const socket = new ModelSocket(world.topics, 'positions');
  const listener = {
    caughtUp: () => undefined,
    lagging: () => undefined,
    failed: (failure: Error) => {
      throw failure;
    },
  };
  socket.feed = world.open(
    { filter, scope: wholeScope, backfill: true, form: 'positions', resume: null },
    socket,
    listener,
  );
  const wanted = world.log.filter((event) => matches(filter, event)).map(({ seq }) => seq);
  for (let turn = 0; turn < 100; turn += 1) {
    socket.read(1_000_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.feed.stop();
  expect([...socket.seen].sort((a, b) => a - b)).toEqual(wanted);
  expect(world.counters.repeats).toBe(wanted.filter((seq) => seq > 4 && seq <= 7).length);
  expect(world.counters.repeats).toBeGreaterThan(0);
});
