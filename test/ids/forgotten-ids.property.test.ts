/**
 * I11 as laws over a model: of what was forgotten nothing is ever ruled out, in bounded memory, and as little else as
 * that memory allows.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { aheadMinuteOf, ForgottenIds } from '../../src/ids/forgotten-ids.ts';

interface Event {
  readonly received: number;
  readonly occurred: number;
}

const event: fc.Arbitrary<Event> = fc
  .record({
    received: fc.integer({ min: 60, max: 2_000 }),
    ahead: fc.oneof(fc.integer({ min: -50, max: 0 }), fc.nat(9_000)),
  })
  .map(({ received, ahead }) => ({ received, occurred: received + ahead }));

function forget(ids: ForgottenIds, { received, occurred }: Event): void {
  ids.forget(received, aheadMinuteOf(occurred, received));
}

it('law: for any events, each that was forgotten may be held, here and where the state was merged, in so many ranges', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), fc.integer({ min: 1, max: 6 }), fc.nat(40), (events, max, cut) => {
      const ids = new ForgottenIds(max);
      for (const each of events.slice(0, cut)) forget(ids, each);
      const later = new ForgottenIds(max);
      for (const each of events.slice(cut)) forget(later, each);
      ids.merge(JSON.parse(JSON.stringify(later.state())));
      for (const { occurred } of events) expect(ids.mayHold(occurred)).toBe(true);
      const { upTo, ranges } = ids.state();
      expect(upTo ?? -1).toBe(Math.max(-1, ...events.map(({ received }) => received)));
      expect(ranges.length).toBeLessThanOrEqual(max);
      for (const [nth, [first, last]] of ranges.entries()) {
        expect(first).toBeLessThanOrEqual(last);
        expect(first).toBeGreaterThan((ranges[nth - 1]?.[1] ?? -2) + 1);
      }
    }),
  );
});

it('law: while there are no more ranges than fit, just the minutes of forgotten events, and all before, are in doubt', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), fc.array(fc.nat(12_000)), (events, asked) => {
      const ids = new ForgottenIds(1_000);
      for (const each of events) forget(ids, each);
      const upTo = Math.max(-1, ...events.map(({ received }) => received));
      const ahead = events.filter(({ received, occurred }) => occurred > received);
      const minutes = new Set(ahead.map(({ occurred }) => Math.floor(occurred / 60)));
      for (const second of [...asked, Math.max(0, upTo), upTo + 1]) {
        expect(ids.mayHold(second)).toBe(second <= upTo || minutes.has(Math.floor(second / 60)));
      }
    }),
  );
});

it('of more ranges than fit the two nearest become one, so that the least is in doubt', () => {
  const ids = new ForgottenIds(3);
  for (const minute of [100, 300, 10, 120]) ids.forget(1, minute);
  expect(ids.state().ranges).toEqual([
    [10, 10],
    [100, 120],
    [300, 300],
  ]);
  ids.forget(1, 290);
  expect(ids.state().ranges).toEqual([
    [10, 10],
    [100, 120],
    [290, 300],
  ]);
  expect([99, 110, 121, 295, 301].map((minute) => ids.mayHold(minute * 60))).toEqual([false, true, false, true, false]);
});

it('minutes that all of the forgotten have passed are kept no more', () => {
  const ids = new ForgottenIds();
  for (const minute of [10, 20, 30]) ids.forget(1, minute);
  ids.forget(20 * 60 + 59, 40);
  expect(ids.state()).toEqual({
    upTo: 20 * 60 + 59,
    ranges: [
      [30, 30],
      [40, 40],
    ],
  });
});

it('all may be held while nothing is known of what was forgotten', () => {
  const ids = new ForgottenIds();
  expect([ids.mayHold(0), ids.state()]).toEqual([false, { upTo: null, ranges: [] }]);
  ids.isUnknown = true;
  expect(ids.mayHold(4_000_000_000)).toBe(true);
});
