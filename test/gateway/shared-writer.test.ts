/** Whose turn it is to write: a gateway whose replica cannot follow the shared log leaves it to the others. */
import { expect, it } from 'vitest';
import type { KeyEntry, SharedKey } from '../../src/base/lease.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { SharedWriter, type SharedWriterParts } from '../../src/gateway/shared-writer.ts';
import { parseHolder, WriterLease } from '../../src/table-writer/writer-lease.ts';
import { silentLog } from '../../support/engine.ts';
import { until } from '../../support/poll.ts';

it('is left by a gateway that lacks ids, and taken by it again once it has them', async () => {
  const world = { now: 0, entry: null as KeyEntry | null, isFollowing: false };
  const key: SharedKey = {
    read: async () => world.entry,
    write: async (text, revision) => {
      if ((world.entry?.revision ?? 0) !== revision) return null;
      world.entry = { text, revision: revision + 1 };
      return revision + 1;
    },
  };
  let nonces = 0;
  const lease = new WriterLease({
    ...{ key, holder: 'one', leaseMs: 10_000, elapsedMs: () => world.now },
    nonce: () => String(++nonces),
    pause: async () => undefined,
  });
  const writer = new SharedWriter({
    ...{ live: { mark: 0 }, options: { rowsMax: 1, bytesMax: 1, flushMs: 1 }, counters: createCounters() },
    // An empty ClickHouse, and a replica that has not what is to be written: no more of them is asked.
    store: { status: { phase: 'ready' }, layout: {}, rows: async () => [] },
    replica: { epoch: 'e', firstSeq: 100 },
    deadLetter: {},
    ...{ keepIds: expect.unreachable, followed: () => undefined, isFollowing: () => world.isFollowing },
    ...{ elapsedMs: () => world.now, log: silentLog },
  } as unknown as SharedWriterParts);
  const holder = (): string | null => (world.entry === null ? null : parseHolder(world.entry.text).holder);
  const untilHeldBy = (name: string) =>
    until(`it is held by "${name}"`, () => (holder() === name ? true : undefined), 60_000);
  writer.begin(lease);
  await untilHeldBy('one');
  // By its clock it has found out by then that it is of no use.
  await until('it has looked', () => (parseHolder(world.entry?.text ?? '').state === null ? undefined : true), 60_000);
  world.now += 31_000;
  await untilHeldBy('');
  world.isFollowing = true;
  world.now += 31_000;
  await untilHeldBy('one');
  world.now += 31_000;
  const { revision } = world.entry ?? { revision: 0 };
  await until('it is renewed', () => ((world.entry?.revision ?? 0) > revision ? true : undefined), 60_000);
  expect(holder()).toBe('one');
  await writer.stop(0);
  expect(holder()).toBe('');
}, 300_000);

it('is given up by a stop in whose time the key answers at last', async () => {
  const world = { entry: null as KeyEntry | null, answer: (): void => undefined, asked: 0 };
  const key: SharedKey = {
    async read() {
      world.asked += 1;
      if (world.asked === 1) await new Promise<void>((resolve) => (world.answer = resolve));
      return world.entry;
    },
    async write(text, revision) {
      if ((world.entry?.revision ?? 0) !== revision) return null;
      world.entry = { text, revision: revision + 1 };
      return revision + 1;
    },
  };
  const writer = new SharedWriter({
    ...{ live: { mark: 0 }, counters: createCounters(), store: { status: { phase: 'starting' } }, log: silentLog },
    ...{ replica: {}, isFollowing: () => true, elapsedMs: () => 0, followed: () => undefined },
  } as unknown as SharedWriterParts);
  let nonces = 0;
  const nonce = () => String(++nonces);
  writer.begin(
    new WriterLease({ key, holder: 'one', leaseMs: 1, elapsedMs: () => 0, nonce, pause: async () => undefined }),
  );
  const stopping = writer.stop(0);
  world.answer();
  await stopping;
  expect(writer.isHolder).toBe(false);
  expect(parseHolder(world.entry?.text ?? '').holder).toBe('');
});

it('says no more what was in its way once another gateway has got further', async () => {
  const world = { now: 0, entry: null as KeyEntry | null };
  const write = (text: string): number => {
    const revision = (world.entry?.revision ?? 0) + 1;
    world.entry = { text, revision };
    return revision;
  };
  const key: SharedKey = {
    read: async () => world.entry,
    write: async (text, revision) => ((world.entry?.revision ?? 0) === revision ? write(text) : null),
  };
  let nonces = 0;
  const nonce = () => String(++nonces);
  const replica = { epoch: 'e', firstSeq: 100, checkpoint: 99, advanceCheckpoint: () => undefined };
  const writer = new SharedWriter({
    ...{ live: { mark: 200 }, counters: createCounters(), log: silentLog, replica: { ...replica, trimLater() {} } },
    store: { status: { phase: 'ready' }, layout: {}, rows: async () => [] },
    // It is of a later term: this one cannot write.
    deadLetter: { claim: async () => null },
    ...{ keepIds: () => undefined, followed: () => undefined, isFollowing: () => true, elapsedMs: () => world.now },
  } as unknown as SharedWriterParts);
  writer.begin(
    new WriterLease({
      ...{ key, holder: 'one', leaseMs: 10_000, elapsedMs: () => world.now, pause: async () => undefined },
      nonce,
    }),
  );
  await until('it says so', () => writer.fault ?? undefined, 60_000);
  await until('it is given up', () => (writer.isHolder ? undefined : true), 60_000);
  world.now += 31_000;
  const { state } = parseHolder(world.entry?.text ?? '');
  const byTwo = (checkpoint: number) =>
    write(JSON.stringify({ version: 1, term: 9, holder: 'two', nonce: nonce(), state: { ...state, checkpoint } }));
  byTwo(99);
  await until('the other is known', () => (writer.known?.holder === 'two' ? true : undefined), 60_000);
  expect(writer.fault).toContain('The dead letter is of a later term');
  byTwo(100);
  await until('it is over', () => (writer.fault === null ? true : undefined), 60_000);
  await writer.stop(0);
}, 300_000);
