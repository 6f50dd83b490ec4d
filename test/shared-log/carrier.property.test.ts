/**
 * Gateways that share a log bring all that their spools hold into it, once and in their order, over a stream that
 * loses, delays, repeats and forgets, and over kills.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../support/random.ts';
import type { Sent } from './fake-spool.ts';
import { modelMs, modelRuns } from './model-runs.ts';
import { type FakeGateway, World } from './world.ts';

const life = fc.record({
  seed: fc.nat(),
  gateways: fc.integer({ min: 1, max: 3 }),
  idsMax: fc.constantFrom(8, 16, 64),
  ids: fc.constantFrom(12, 40, 400),
  labels: fc.constantFrom(0, 2),
  steps: fc.integer({ min: 10, max: 220 }),
});

type Life = typeof life extends fc.Arbitrary<infer One> ? One : never;

describe('carriers of several gateways', () => {
  it(
    'lose nothing, bring nothing twice, and settle only what is in the log',
    () => {
      fc.assert(
        fc.property(life, (one) => live(one)),
        { numRuns: modelRuns },
      );
    },
    modelMs,
  );

  // The store had an event that another gateway had brought in and that was not applied here yet. It was settled by the
  // store's answer, so its producer would have got a 204 before any reader here could have seen it.
  it('do not settle what the store has and the own replica has not', () => {
    live({ seed: 488_855_781, gateways: 3, idsMax: 16, ids: 40, labels: 0, steps: 204 });
  });
});

function live({ seed, gateways, idsMax, ids, labels, steps }: Life): void {
  const world = new World({ random: randomFrom(seed), gateways, idsMax, ids, labels });
  for (let nth = 0; nth < steps; nth += 1) world.step();
  world.drain();
  const order = world.accepted();
  expect(new Set(order.map(({ nth }) => nth)).size).toBe(order.length);
  for (const gateway of world.gateways) checkGateway(gateway, order, world.gateways);
}

function checkGateway(gateway: FakeGateway, order: readonly Sent[], all: readonly FakeGateway[]): void {
  const { replica, carrier, spooled, parked, taken } = gateway;
  expect(gateway.events()).toEqual(order);
  expect([carrier.settled, carrier.parked, replica.seq]).toEqual([spooled.length, 0, order.length]);
  // In their order, but for those that waited for the store.
  const others = new Set(all.filter((other) => other !== gateway).flatMap((other) => idsOf(other.spooled)));
  const waited = new Set([...parked].map((seq) => spooled[seq - 1]?.nth));
  const own = [...new Set(idsOf(spooled))].filter((nth) => !others.has(nth) && !waited.has(nth));
  expect(idsOf(order).filter((nth) => own.includes(nth))).toEqual(own);
  // Each is in the log, or kept where its id is another label's. Of one that the store was asked for only the label
  // that it carries is known there, and none of these carries any.
  const first = new Map(order.map(({ nth, tag }) => [nth, tag]));
  const isOther = ({ nth, tag }: Sent): boolean => first.get(nth) !== tag;
  expect(spooled.filter(({ nth }) => !first.has(nth))).toEqual([]);
  for (const [at, sent] of spooled.entries()) {
    if (!isOther(sent)) expect(taken.has(at + 1)).toBe(false);
    else if (sent.tag !== 0 || !parked.has(at + 1)) expect(taken.has(at + 1)).toBe(true);
  }
}

function idsOf(sent: readonly Sent[]): readonly number[] {
  return sent.map(({ nth }) => nth);
}
