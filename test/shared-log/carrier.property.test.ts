/**
 * Gateways that share a log bring all that their spools hold into it, once and in their order, over a stream that
 * loses, delays, repeats and forgets, and over kills.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../support/random.ts';
import { modelMs, modelRuns } from './model-runs.ts';
import { type FakeGateway, World } from './world.ts';

const life = fc.record({
  seed: fc.nat(),
  gateways: fc.integer({ min: 1, max: 3 }),
  idsMax: fc.constantFrom(8, 16, 64),
  ids: fc.constantFrom(12, 40, 400),
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
    live({ seed: 488_855_781, gateways: 3, idsMax: 16, ids: 40, steps: 204 });
  });
});

function live({ seed, gateways, idsMax, ids, steps }: Life): void {
  const world = new World({ random: randomFrom(seed), gateways, idsMax, ids });
  for (let nth = 0; nth < steps; nth += 1) world.step();
  world.drain();
  const order = world.accepted();
  expect(new Set(order).size).toBe(order.length);
  for (const gateway of world.gateways) checkGateway(gateway, order, world.gateways);
}

function checkGateway(gateway: FakeGateway, order: readonly number[], all: readonly FakeGateway[]): void {
  const { replica, carrier, spooled } = gateway;
  expect(gateway.ids()).toEqual(order);
  const others = new Set(all.filter((other) => other !== gateway).flatMap((other) => other.spooled));
  const own = [...new Set(spooled)].filter((id) => !others.has(id));
  expect(order.filter((id) => own.includes(id))).toEqual(own);
  expect(carrier.settled).toBe(spooled.length);
  expect(spooled.filter((id) => !order.includes(id))).toEqual([]);
  expect(replica.seq).toBe(order.length);
}
