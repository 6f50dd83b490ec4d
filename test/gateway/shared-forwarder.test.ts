/** Whose turn it is to forward to Prefect, on a key in memory: the forwarder itself is a fake that only counts. */
import { afterEach, expect, it } from 'vitest';
import { type KeyEntry, Lease, LeaseLost, type SharedKey } from '../../src/base/lease.ts';
import type { Log } from '../../src/base/log.ts';
import type { KeptPlace } from '../../src/forwarder/kept-place.ts';
import { type ForwarderStatus, noneYet } from '../../src/forwarder/start-forwarder.ts';
import { ofForwarder, parseForwarder, placeText } from '../../src/gateway/forwarder-lease.ts';
import { SharedForwarder, type SharedForwarderParts, type TermParts } from '../../src/gateway/shared-forwarder.ts';
import { silentLog } from '../../support/engine.ts';
import { until } from '../../support/poll.ts';

const testMs = 300_000;
const waitMs = 60_000;
const running: SharedForwarder[] = [];
afterEach(async () => {
  for (const forwarder of running.splice(0)) await forwarder.stop(0);
});

interface World {
  now: number;
  entry: KeyEntry | null;
  /** Of the replica. */
  oldest: number;
  held: number;
  bytes: number;
  othersOldest: number | null;
  readonly live: { mark: number };
  /** Why the forwarder's last step failed. */
  reason: string;
  /** That were begun. */
  readonly terms: TermParts[];
  /** Each begins behind this. */
  mayBegin: Promise<void>;
  stops: number;
  readonly logged: string[];
}

/** Keeps what is said, with its level. */
function logInto(lines: string[]): Log {
  const saying = (level: string) => (fact: unknown, text?: string) => void lines.push(`${level} ${text ?? fact}`);
  const said = { info: saying('info'), warn: saying('warn'), error: saying('error') };
  return { ...silentLog, ...said } as unknown as Log; // no other is called
}

function rig(place: Omit<KeptPlace, 'skipped'>, before: SharedForwarderParts['before'] = null) {
  const world: World = {
    ...{ now: 0, oldest: 1, held: 0, bytes: 0, othersOldest: null, live: { mark: 100 }, reason: '', terms: [] },
    ...{ mayBegin: Promise.resolve(), stops: 0, logged: [] },
    entry: { text: placeText(0, { ...place, skipped: [] }), revision: 1 },
  };
  const key: SharedKey = {
    read: async () => world.entry,
    async write(text, revision) {
      if ((world.entry?.revision ?? 0) !== revision) return null;
      world.entry = { text, revision: revision + 1 };
      return revision + 1;
    },
  };
  let nonces = 0;
  const leaseOf = (holder: string) =>
    new Lease({
      ...{ key, holder, leaseMs: 10_000, of: ofForwarder, elapsedMs: () => world.now },
      nonce: () => String(++nonces),
      pause: async () => undefined,
    });
  const replica = {
    ...{ head: 100, bytesMax: 10, readOwn: () => 0, watchOwn: () => undefined },
    get bytes() {
      return world.bytes;
    },
    get oldest() {
      return world.oldest;
    },
    holdFrom(seq: number) {
      world.held = seq;
    },
    trimLater: () => undefined,
  };
  const forwarder = new SharedForwarder({
    ...{ replica, live: world.live, before, told: { url: 'http://prefect', filter: null }, log: logInto(world.logged) },
    othersOldest: () => world.othersOldest,
    async start(term) {
      world.terms.push(term);
      await world.mayBegin;
      const status = { phase: 'idle', counters: noneYet() } as unknown as ForwarderStatus; // all that is asked of it
      return {
        wake: () => undefined,
        get status() {
          return { ...status, reason: world.reason };
        },
        stop: async () => {
          world.stops += 1;
        },
      };
    },
    elapsedMs: () => world.now,
  });
  running.push(forwarder);
  forwarder.begin(leaseOf('one'));
  const holder = (): string => parseForwarder(world.entry?.text ?? '').holder;
  return { world, forwarder, leaseOf, holder };
}

const untilTerms = (world: World, count: number) =>
  until(`${count} terms have begun`, () => (world.terms.length === count ? world.terms.at(-1) : undefined), waitMs);

it(
  'takes it once the own replica has all that may have been sent, and holds what is not confirmed',
  async () => {
    const { world, forwarder } = rig({ confirmed: 20, maybeSentUpTo: 150 });
    await until('it says why', () => forwarder.status.reason !== '' || undefined, waitMs);
    expect(forwarder.status).toMatchObject({
      by: '',
      phase: 'following',
      reason: expect.stringContaining('150 may have been sent'),
    });
    expect([world.terms.length, world.held, forwarder.confirmed]).toEqual([0, 21, 20]);
    world.live.mark = 150;
    const term = await untilTerms(world, 1);
    expect([await term.store.load(), term.announcedUpTo(), term.permit.isGood]).toEqual([
      { confirmed: 20, maybeSentUpTo: 150, skipped: [] },
      150,
      true,
    ]);
    await term.store.save({ confirmed: 40, maybeSentUpTo: 150, skipped: [] });
    await until('the rest may go', () => world.held === 41 || undefined, waitMs);
  },
  testMs,
);

it(
  'is left to a gateway that has what this one lacks, be it up or not',
  async () => {
    const { world, forwarder, holder } = rig({ confirmed: 20, maybeSentUpTo: 20 });
    world.oldest = 50;
    world.othersOldest = 21;
    world.bytes = 9;
    await until('it says so', () => forwarder.status.reason.includes('from seq 21 on') || undefined, waitMs);
    await until('both are logged', () => world.logged.length === 2 || undefined, waitMs);
    world.now += 100_000;
    expect([holder(), forwarder.status.phase]).toEqual(['', 'following']);
    expect(world.logged).toEqual([
      'warn forwarding to Prefect is left to the gateways that have what is to be sent',
      'warn the journal is nearly full of events that wait for Prefect; once it is, producers get 503',
    ]);
    world.othersOldest = Number.POSITIVE_INFINITY;
    await untilTerms(world, 1);
    expect(holder()).toBe('one');
  },
  testMs,
);

it(
  'keeps and sends nothing under a lease that is over, whoever has it since',
  async () => {
    const { world, leaseOf, holder } = rig({ confirmed: 20, maybeSentUpTo: 20 });
    const old = await untilTerms(world, 1);
    const place = { confirmed: 30, maybeSentUpTo: 30, skipped: [] };
    const two = leaseOf('two');
    await two.look();
    // As one that was stopped for so long sees it.
    world.now += 10_001;
    expect(old.permit.isGood).toBe(false);
    await two.look();
    await expect(old.permit.refresh()).rejects.toThrow(LeaseLost);
    await expect(old.store.save(place)).rejects.toThrow(LeaseLost);
    await two.save(place);
    await two.giveUp();
    const later = await untilTerms(world, 2);
    expect([holder(), later.permit.isGood, old.permit.isGood]).toEqual(['one', true, false]);
    await expect(old.store.save({ ...place, confirmed: 20 })).rejects.toThrow(LeaseLost);
    expect((await later.store.load())?.confirmed).toBe(30);
  },
  testMs,
);

it(
  'is left to the others for a moment after a minute without success',
  async () => {
    const { world, holder } = rig({ confirmed: 20, maybeSentUpTo: 20 });
    await untilTerms(world, 1);
    world.reason = 'no answer';
    await until(
      'it was seen',
      async () => {
        world.now += 2_000;
        return holder() === '' || undefined;
      },
      waitMs,
    );
    world.now += 5_001;
    await untilTerms(world, 2);
  },
  testMs,
);

it(
  'goes on in an epoch that follows, in which no event comes between',
  async () => {
    const { world, forwarder } = rig({ confirmed: 90, maybeSentUpTo: 95 }, { seq: 90, firstSeq: 1_000 });
    world.oldest = 1_000;
    world.live.mark = 999;
    const term = await untilTerms(world, 1);
    expect(await term.store.load()).toEqual({ confirmed: 999, maybeSentUpTo: 999, skipped: [] });
    expect([forwarder.confirmed, world.held]).toEqual([999, 1_000]);
  },
  testMs,
);

it(
  'looks at the key before each batch, however lately it was renewed, and names who is to blame',
  async () => {
    const { world } = rig({ confirmed: 20, maybeSentUpTo: 20 });
    const term = await untilTerms(world, 1);
    await term.permit.refresh();
    const skipped = placeText(9, { confirmed: 90, maybeSentUpTo: 90, skipped: [] });
    world.entry = { text: skipped, revision: (world.entry?.revision ?? 0) + 1 };
    await expect(term.permit.refresh()).rejects.toThrow(LeaseLost);
    expect(term.permit.isGood).toBe(false);
    await untilTerms(world, 2);
    world.entry = { text: skipped, revision: (world.entry?.revision ?? 0) + 1 };
    world.now += 3_001;
    await untilTerms(world, 3);
    expect(world.logged).toContain("info another gateway holds the forwarder's key now");
    expect(world.logged.filter((line) => line.includes('does not answer'))).toEqual([]);
  },
  testMs,
);

it(
  'asks Prefect for all that it has when the key went back, and says so',
  async () => {
    const { world, forwarder } = rig({ confirmed: 20, maybeSentUpTo: 20 });
    const term = await untilTerms(world, 1);
    const before = world.entry;
    await term.store.save({ confirmed: 40, maybeSentUpTo: 60, skipped: [] });
    world.entry = before;
    await expect(term.permit.refresh()).rejects.toThrow(LeaseLost);
    world.live.mark = 110;
    const again = await untilTerms(world, 2);
    expect(await again.store.load()).toEqual({ confirmed: 40, maybeSentUpTo: 110, skipped: [] });
    expect(forwarder.confirmed).toBe(40);
    expect(world.logged.filter((line) => line.startsWith('error'))).toEqual([expect.stringContaining('went back')]);
  },
  testMs,
);

it(
  'does not know how far it is before the key has answered',
  async () => {
    const { forwarder } = rig({ confirmed: 20, maybeSentUpTo: 20 });
    expect(forwarder.status.next).toBeNull();
    await until('it knows', () => forwarder.status.next !== null || undefined, waitMs);
  },
  testMs,
);

it(
  'stops a run that begins when it is stopped already',
  async () => {
    const { world, forwarder } = rig({ confirmed: 20, maybeSentUpTo: 20 });
    let begin = (): void => undefined;
    world.mayBegin = new Promise((resolve) => {
      begin = resolve;
    });
    await untilTerms(world, 1);
    await forwarder.stop(0);
    begin();
    await until('it is stopped', () => world.stops === 1 || undefined, waitMs);
  },
  testMs,
);
