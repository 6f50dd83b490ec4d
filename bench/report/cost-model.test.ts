import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Costs, machinesFor, streamMax } from './cost-model.ts';

const round: Costs = {
  ...{ single: 40, takes: 50, follows: 20, writes: 10, delivery: 1, nats: 20, engine: 15 },
  ...{ eventBytes: 1_000, storedBytes: 400 },
};

test('a small load takes three of each, as one of them may die', () => {
  expect(machinesFor(round, { eventsPerSecond: 100, deliveriesPerSecond: 100 })).toEqual({
    partitions: 1,
    gateways: 3,
    natsServers: 3,
    clickHouseCores: 1,
  });
});

test('subscribers take more gateways, events more streams', () => {
  // Each gateway has 600,000 µs a second: 300,000 of events and the writer, and for the rest deliveries.
  const many = machinesFor(round, { eventsPerSecond: 10_000, deliveriesPerSecond: 3_000_000 });
  expect(many).toMatchObject({ partitions: 1, gateways: 11 });
  expect(machinesFor(round, { eventsPerSecond: 100_000, deliveriesPerSecond: 0 })).toMatchObject({
    partitions: Math.ceil(100_000 / (0.7 * streamMax(round))),
    clickHouseCores: 3,
  });
});

test('no machine is given more than it can do, and none is there for nothing', () => {
  const load = fc.record({
    eventsPerSecond: fc.integer({ min: 1, max: 1_000_000 }),
    deliveriesPerSecond: fc.integer({ min: 0, max: 20_000_000 }),
  });
  fc.assert(
    fc.property(load, (wanted) => {
      const { partitions, gateways } = machinesFor(round, wanted);
      const each = gateways / partitions;
      const events = wanted.eventsPerSecond / partitions;
      const microsWith = (count: number): number =>
        (events / count) * 50 +
        (events - events / count) * 20 +
        events * 10 +
        wanted.deliveriesPerSecond / partitions / count;
      expect(microsWith(each)).toBeLessThanOrEqual(600_000);
      if (each > 3) expect(microsWith(each - 1)).toBeGreaterThan(600_000);
    }),
  );
});
