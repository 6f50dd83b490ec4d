/**
 * The laws of a bucket: the rate holds in the long run, nothing waits for ever, and what it says of the wait is true.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateBucket } from '../../src/access/rate-bucket.ts';

const rates = fc.oneof(fc.integer({ min: 1, max: 100_000 }), fc.double({ min: 0.01, max: 1e9, noNaN: true }));
const asked = fc.array(
  fc.record({ afterMs: fc.double({ min: 0, max: 5_000, noNaN: true }), amount: fc.integer({ min: 0, max: 500_000 }) }),
  { maxLength: 200 },
);

describe('a bucket', () => {
  it('lets through no more than two seconds, its rate, and one batch', () => {
    fc.assert(
      fc.property(rates, asked, (rate, batches) => {
        const bucket = new RateBucket(rate, 0);
        let [nowMs, taken, largest] = [0, 0, 0];
        for (const { afterMs, amount } of batches) {
          nowMs += afterMs;
          if (bucket.waitMs(amount, nowMs) > 0) continue;
          bucket.take(amount, nowMs);
          taken += amount;
          largest = Math.max(largest, amount);
          const allowed = 2 * rate + (rate * nowMs) / 1000 + largest;
          expect(taken).toBeLessThanOrEqual(allowed * (1 + 1e-6));
        }
      }),
    );
  });

  it('takes each batch, however large, after the wait that it named, and not a ms before', () => {
    fc.assert(
      fc.property(rates, asked, (rate, batches) => {
        const bucket = new RateBucket(rate, 0);
        let nowMs = 0;
        for (const { afterMs, amount } of batches) {
          nowMs += afterMs;
          const waitMs = bucket.waitMs(amount, nowMs);
          // Of a wait that the clock's own rounding does not reach.
          if (waitMs > 1 && waitMs < 1e9 && rate < 1e6)
            expect(bucket.waitMs(amount, nowMs + waitMs - 1.01)).toBeGreaterThan(0);
          nowMs += waitMs + 0.01;
          expect(bucket.waitMs(amount, nowMs)).toBe(0);
          bucket.take(amount, nowMs);
        }
      }),
    );
  });

  it('takes as much as its rate from who comes steadily', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), (rate) => {
        const bucket = new RateBucket(rate, 0);
        let taken = 0;
        const stepMs = Math.max(1, 500 / rate);
        for (let nowMs = 0; nowMs < 10_000; nowMs += stepMs) {
          if (bucket.waitMs(1, nowMs) > 0) continue;
          bucket.take(1, nowMs);
          taken += 1;
        }
        const offered = Math.floor(10_000 / stepMs);
        expect(taken).toBeGreaterThanOrEqual(Math.min(offered, Math.floor(rate * 9.9)));
      }),
      { numRuns: 20 },
    );
  });

  it('owes what a large batch took beyond it, and has paid when its rate says so', () => {
    const bucket = new RateBucket(100, 0);
    expect(bucket.waitMs(1_000, 0)).toBe(0);
    bucket.take(1_000, 0);
    expect(bucket.debt(0)).toBe(800);
    expect(bucket.waitMs(0, 0)).toBe(8_000);
    expect(bucket.waitMs(1, 0)).toBe(8_010);
    expect(bucket.waitMs(1_000, 0)).toBe(10_000);
    expect(bucket.debt(8_000)).toBe(0);
    expect(bucket.isFull(9_999)).toBe(false);
    expect(bucket.isFull(10_000)).toBe(true);
  });
});
