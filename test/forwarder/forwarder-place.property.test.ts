/**
 * Whatever is sent, taken back and confirmed, and whether the process stops or is killed: the next one finds all that
 * may have been sent.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createLog } from '../../src/base/log.ts';
import { ForwarderPlace } from '../../src/forwarder/forwarder-place.ts';
import type { KeptPlace } from '../../src/forwarder/kept-place.ts';

interface Life {
  readonly place: ForwarderPlace;
  readonly events: { head: number };
  readonly clock: { ms: number };
  /** What a place that begins now would find. */
  next(): Promise<ForwarderPlace>;
  readonly seen: { saves: number };
}

async function begin(announcedUpTo?: () => number): Promise<Life> {
  let kept: KeptPlace | null = null;
  const seen = { saves: 0 };
  const events = { oldest: 1, head: 0, bytes: 0, bytesMax: 1, readOwn: () => 0, watchOwn() {}, holdFrom() {} };
  const clock = { ms: 0 };
  const store = {
    load: async () => kept,
    async save(place: KeptPlace) {
      kept = place;
      seen.saves += 1;
    },
  };
  const parts = {
    ...{ store, events, clock: { elapsedMs: () => clock.ms }, now: () => 0, log: createLog('silent') },
    ...(announcedUpTo !== undefined && { announcedUpTo }),
  };
  const place = await ForwarderPlace.open(parts);
  return { place, events, clock, seen, next: () => ForwarderPlace.open(parts) };
}

const step = fc.record({
  what: fc.constantFrom('announce', 'withdraw', 'narrow', 'confirm'),
  seqs: fc.integer({ min: 1, max: 50_000 }),
  ms: fc.integer({ min: 0, max: 3_000 }),
});

it('a start finds all that may have been sent; after a clean stop, just that', async () => {
  const law = fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.boolean(), async (steps, isClean) => {
    const { place, events, clock, next } = await begin();
    let confirmed = 0;
    let sent = 0;
    for (const { what, seqs, ms } of steps) {
      clock.ms += ms;
      events.head += seqs;
      if (what === 'announce') {
        sent = events.head - Math.floor(seqs / 2);
        await place.announce(sent);
      } else if (what === 'withdraw') {
        sent = Math.max(confirmed, sent - seqs);
        place.withdraw(sent);
      } else if (what === 'narrow') await place.narrow();
      else {
        confirmed = Math.min(sent, confirmed + seqs);
        await place.confirm(confirmed);
      }
    }
    events.head += 200_000;
    if (isClean) await place.close();
    const found = await next();
    expect(found.confirmed).toBe(confirmed);
    if (isClean) expect(found.maybeSentUpTo).toBe(sent);
    else expect(found.maybeSentUpTo).toBeGreaterThanOrEqual(sent);
  });
  await fc.assert(law);
});

it.each([100, 10_000, 40_000])('at %i events a second it is written down less than once a second', async (perS) => {
  const life = await begin();
  for (let batch = 1; batch <= 120; batch += 1) {
    life.clock.ms += 250;
    life.events.head += perS / 4;
    await life.place.announce(life.events.head);
    if (batch % 8 === 0) await life.place.confirm(life.events.head - perS);
  }
  expect(life.seen.saves).toBeLessThan(30);
});

it('nothing is announced once it is closed', async () => {
  const { place, events } = await begin();
  events.head = 9;
  await place.announce(5);
  await place.close();
  await expect(place.announce(6)).rejects.toThrow('closed');
  await place.confirm(5);
  expect(place.confirmed).toBe(0);
});

it('nothing is announced beyond what others can have, where they may go on', async () => {
  const { place, events, next } = await begin(() => events.head);
  events.head = 900;
  await place.announce(100);
  events.head = 5_000;
  expect((await next()).maybeSentUpTo).toBe(900);
  await place.announce(1_200);
  expect((await next()).maybeSentUpTo).toBeLessThanOrEqual(5_000);
});
