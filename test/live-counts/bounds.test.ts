/** The bounds of live counts, each by its name; what readers share; and what a slow one gets (I4, I5). */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { LiveCountRequest } from '../../schemas/count.ts';
import type { CountsFrame } from '../../schemas/count-frames.ts';
import type { Failure } from '../../src/base/errors.ts';
import { defaultFilter } from '../../src/filter/validate-filter.ts';
import { CountBudget } from '../../src/live-counts/budget.ts';
import { CountsWorld, turn } from './model-world.ts';

beforeAll(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }));
afterAll(() => void vi.useRealTimers());

function requestOf(changes: Partial<LiveCountRequest> = {}): LiveCountRequest {
  const base = defaultFilter({ now: new Date(), openEnded: true });
  const filter = { ...base, occurred: { since: new Date(Date.now() - 60_000).toISOString(), until: null } };
  return { filter, countable: 'resource', unit: 'hour', interval: 1, groupsMax: null, lastMs: null, ...changes };
}

class Reader {
  readonly texts: string[] = [];
  readonly failures: Failure[] = [];
  readonly phases: string[] = [];
  waits = 0;

  get frames(): CountsFrame[] {
    return this.texts.map((text) => JSON.parse(text) as CountsFrame); // as they were sent
  }

  send(text: string | Uint8Array): void {
    this.texts.push(String(text));
  }

  bufferedBytes(): number {
    return this.waits;
  }

  watch(world: CountsWorld, request = requestOf()) {
    return world.watch(request, [], this, {
      caughtUp: () => void this.phases.push('live'),
      lagging: () => void this.phases.push('lagging'),
      failed: (failure) => void this.failures.push(failure),
    });
  }
}

const resources = (...names: string[]) =>
  names.map((name) => ({
    occurred: new Date(Date.now() - 500).toISOString().replace('.000Z', 'Z'),
    event: 'e',
    resource: { 'prefect.resource.id': name },
  }));

async function pass(ms = 100): Promise<void> {
  for (let each = 0; each < 8; each += 1) await turn();
  vi.advanceTimersByTime(ms);
  await turn();
}

it('a count with too many groups ends by name, however small its limit, and gives all back', async () => {
  const world = new CountsWorld(3);
  const reader = new Reader();
  reader.watch(world, requestOf({ groupsMax: 1 }));
  await pass();
  world.take(resources('a', 'b', 'c', 'a'));
  await pass();
  expect(reader.frames.at(-1)?.changed?.map(({ value }) => value)).toEqual(['a']);
  world.take(resources('d'));
  await pass();
  expect(reader.failures.map(({ failure, message }) => [failure, message])).toEqual([
    ['tooManyGroups', 'too many groups: at most 3'],
  ]);
  expect(world.counts.questionCount).toBe(0);
  expect(world.budget.heldBytes).toBe(0);
  expect(world.counters.countsRefused).toBe(1);
});

it('groups of the store and of the log count too', async () => {
  const world = new CountsWorld(3);
  world.take(resources('a', 'b'));
  world.insert(2);
  world.take(resources('c', 'd'));
  const reader = new Reader();
  reader.watch(world);
  await pass();
  expect(reader.failures[0]?.failure).toBe('tooManyGroups');
});

it('many events behind the end of the window end a count, too', async () => {
  const world = new CountsWorld(2);
  const reader = new Reader();
  reader.watch(world);
  await pass();
  const ahead = (ms: number) => [{ ...resources('a')[0]!, occurred: new Date(Date.now() + ms).toISOString() }];
  for (let nth = 1; nth <= 20; nth += 1) world.take(ahead(1_000 * nth));
  await pass();
  expect(reader.failures).toEqual([]);
  world.take(ahead(30_000));
  await pass();
  expect(reader.failures[0]?.failure).toBe('tooManyGroups');
});

it('the memory of all has a bound: who wants more ends, and the others go on', async () => {
  const world = new CountsWorld(1_000, new CountBudget(2_000));
  const [small, large] = [new Reader(), new Reader()];
  small.watch(world, requestOf({ countable: 'event' }));
  large.watch(world);
  await pass();
  world.take(resources('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k'));
  await pass();
  expect(large.failures[0]?.failure).toBe('tooManyCountBytes');
  world.take(resources('a'));
  await pass();
  expect(small.failures).toEqual([]);
  expect(small.frames.at(-1)?.changed?.[0]?.count).toBe(12);
});

it('of different questions there are so many at once; equal ones are one', async () => {
  const world = new CountsWorld(10, new CountBudget(1_000_000), 2);
  const readers = Array.from({ length: 4 }, () => new Reader());
  readers[0]!.watch(world);
  readers[1]!.watch(world);
  readers[2]!.watch(world, requestOf({ countable: 'event' }));
  expect(world.counts.questionCount).toBe(2);
  expect(() => readers[3]!.watch(world, requestOf({ groupsMax: 4 }))).toThrow(
    'At most 2 different live counts at once',
  );
});

it('a window of too many buckets is refused, and one that grows to be so ends', async () => {
  const world = new CountsWorld();
  const since = (ms: number) => {
    const { filter } = requestOf();
    return { ...filter, occurred: { since: new Date(Date.now() - ms).toISOString(), until: null } };
  };
  const reader = new Reader();
  expect(() => reader.watch(world, requestOf({ unit: 'second', filter: since(1_002_000) }))).toThrow(/100\d buckets/);
  reader.watch(world, requestOf({ unit: 'second', filter: since(998_000) }));
  await pass();
  expect(reader.failures).toEqual([]);
  for (let nth = 0; nth < 4; nth += 1) await pass(1_000);
  expect(reader.failures[0]?.failure).toBe('badFilter');
  expect(reader.failures[0]?.message).toMatch(/would create 100\d buckets/);
});

it('readers of one question share the text of a frame, and one who joins gets the whole', async () => {
  const world = new CountsWorld();
  const [first, second] = [new Reader(), new Reader()];
  const request = requestOf();
  first.watch(world, request);
  await pass();
  world.take(resources('a', 'b'));
  await pass();
  second.watch(world, request);
  world.take(resources('a'));
  await pass();
  expect(second.frames[0]?.whole).toBe(true);
  expect(second.frames[0]?.counts).toMatchObject([
    { value: 'a', count: 2 },
    { value: 'b', count: 1 },
  ]);
  world.take(resources('b'));
  await pass();
  expect(second.texts.at(-1)).toBe(first.texts.at(-1));
  expect(world.counts.liveCount).toBe(1);
});

it('a reader that does not read gets one frame with the newest state, and the others theirs', async () => {
  const world = new CountsWorld();
  const [slow, quick] = [new Reader(), new Reader()];
  const request = requestOf();
  const feed = slow.watch(world, request);
  const quickFeed = quick.watch(world, request);
  expect(feed.position).toBe(null);
  await pass();
  slow.waits = 1;
  for (let nth = 0; nth < 5; nth += 1) {
    world.take(resources('a'));
    await pass();
  }
  expect(slow.frames.length).toBe(1);
  expect(quick.frames.length).toBe(6);
  expect(feed.position).toBe(slow.frames[0]?.position);
  expect(quickFeed.position).toBe((feed.position ?? 0) + 5);
  slow.waits = 0;
  feed.drained();
  await pass();
  expect(slow.frames.length).toBe(2);
  expect(slow.frames[1]).toMatchObject({ whole: true, counts: [{ value: 'a', count: 5 }] });
  expect(slow.phases).toEqual(['live', 'lagging', 'live']);
  expect(feed.position).toBe(quickFeed.position);
});

it('time alone makes a frame once a second at most, and only where it changes the list', async () => {
  const world = new CountsWorld();
  const [sliding, still] = [new Reader(), new Reader()];
  sliding.watch(world, requestOf({ lastMs: 4_000 }));
  still.watch(world);
  world.take(resources('a', 'b'));
  await pass();
  await pass();
  const [before, shown] = [sliding.frames.length, still.frames.length];
  for (let nth = 0; nth < 60; nth += 1) await pass(100);
  expect(sliding.frames.length - before).toBe(1);
  expect(sliding.frames.at(-1)).toMatchObject({ changed: [], removed: expect.arrayContaining(['a', 'b']) });
  expect(still.frames.length).toBe(shown);
});

it('long texts wait for no look: what is kept of them for the counters of a filter is bounded', async () => {
  const world = new CountsWorld();
  const reader = new Reader();
  reader.watch(world, requestOf());
  await pass();
  const before = world.budget.heldBytes;
  world.take(resources('a', 'b', 'c'));
  // They are counted when the counter looks.
  expect(world.budget.heldBytes).toBe(before);
  const long = Array.from({ length: 10 }, (_, at) => `${at}`.repeat(5_000));
  world.take(resources(...long));
  expect(world.budget.heldBytes).toBeGreaterThan(before + 32_768);
  await pass();
  expect(reader.frames.at(-1)?.changed?.map(({ value }) => value)).toEqual(['a', 'b', 'c', ...long]);
});

it('a clock that is set back leaves no event waiting until it has come forward again', async () => {
  vi.setSystemTime('2026-01-01T12:00:00.200Z');
  const world = new CountsWorld();
  const reader = new Reader();
  reader.watch(world, requestOf({ countable: 'event' }));
  await pass();
  const at = (ms: number) => ({ ...resources('a')[0]!, occurred: new Date(Date.now() + ms).toISOString() });
  // Of a slot that is not over at the next look, which is at .301.
  world.take([at(40)].map((each) => ({ ...each, occurred: each.occurred.replace(/(\.\d{3})Z/, '$1000Z') })));
  await pass();
  vi.setSystemTime('2026-01-01T11:00:00Z');
  world.take(resources('b', 'c').map((each) => ({ ...each, occurred: '2026-01-01T11:59:30Z' })));
  await pass(3_000);
  expect(reader.frames.at(-1)?.changed?.map(({ count }) => count)).toEqual([2]);
});
