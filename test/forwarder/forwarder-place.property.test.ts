/**
 * Whatever is sent, taken back and confirmed, and whether the process stops or is killed: the next one finds all that
 * may have been sent.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createLog } from '../../src/base/log.ts';
import { ForwarderPlace } from '../../src/forwarder/forwarder-place.ts';
import type { KeptPlace } from '../../src/forwarder/place-file.ts';

interface Life {
  readonly place: ForwarderPlace;
  readonly events: { head: number };
  readonly clock: { ms: number };
  /** What a place that begins now would find. */
  next(): ForwarderPlace;
  readonly seen: { saves: number };
}

function begin(): Life {
  let kept: KeptPlace | null = null;
  const seen = { saves: 0 };
  const events = { oldest: 1, head: 0, bytes: 0, bytesMax: 1, readOwn: () => 0, watchOwn() {}, holdFrom() {} };
  const clock = { ms: 0 };
  const store = {
    load: () => kept,
    save(place: KeptPlace) {
      kept = place;
      seen.saves += 1;
    },
  };
  const parts = { store, events, clock: { elapsedMs: () => clock.ms }, now: () => 0, log: createLog('silent') };
  return { place: new ForwarderPlace(parts), events, clock, seen, next: () => new ForwarderPlace(parts) };
}

const step = fc.record({
  what: fc.constantFrom('announce', 'withdraw', 'narrow', 'confirm'),
  seqs: fc.integer({ min: 1, max: 50_000 }),
  ms: fc.integer({ min: 0, max: 3_000 }),
});

it('a start finds all that may have been sent; after a clean stop, just that', () => {
  const law = fc.property(fc.array(step, { maxLength: 30 }), fc.boolean(), (steps, isClean) => {
    const { place, events, clock, next } = begin();
    let confirmed = 0;
    let sent = 0;
    for (const { what, seqs, ms } of steps) {
      clock.ms += ms;
      events.head += seqs;
      if (what === 'announce') {
        sent = events.head - Math.floor(seqs / 2);
        place.announce(sent);
      } else if (what === 'withdraw') {
        sent = Math.max(confirmed, sent - seqs);
        place.withdraw(sent);
      } else if (what === 'narrow') place.narrow();
      else {
        confirmed = Math.min(sent, confirmed + seqs);
        place.confirm(confirmed);
      }
    }
    events.head += 200_000;
    if (isClean) place.close();
    const found = next();
    expect(found.confirmed).toBe(confirmed);
    if (isClean) expect(found.maybeSentUpTo).toBe(sent);
    else expect(found.maybeSentUpTo).toBeGreaterThanOrEqual(sent);
  });
  fc.assert(law);
});

it.each([100, 10_000, 40_000])('at %i events a second it is written down less than once a second', (perS) => {
  const life = begin();
  for (let batch = 1; batch <= 120; batch += 1) {
    life.clock.ms += 250;
    life.events.head += perS / 4;
    life.place.announce(life.events.head);
    if (batch % 8 === 0) life.place.confirm(life.events.head - perS);
  }
  expect(life.seen.saves).toBeLessThan(30);
});

it('nothing is announced once it is closed', () => {
  const { place, events } = begin();
  events.head = 9;
  place.announce(5);
  place.close();
  expect(() => place.announce(6)).toThrow('closed');
  place.confirm(5);
  expect(place.confirmed).toBe(0);
});
