/**
 * The budget that backfilling feeds share (I5): never over its bound, first come first served, nothing kept by who has
 * gone.
 */
import { describe, expect, it } from 'vitest';
import { createPageBudget, type PageShare } from '../../src/feed/page-budget.ts';

/** Takes shares of so many bytes; tells which were given, in their order. */
function takers(bytesMax: number, wanted: readonly number[]) {
  const budget = createPageBudget(bytesMax);
  const given: number[] = [];
  const shares: PageShare[] = [];
  const waits = wanted.map((bytes, nth) =>
    budget.take(bytes).subscribe((share) => {
      given.push(nth);
      shares[nth] = share;
    }),
  );
  return { budget, given, shares, waits };
}

describe('the budget of pages', () => {
  it('lets so many in as it has room for, and the next ones in their order as pages shrink or are let go', () => {
    const { budget, given, shares, waits } = takers(30, [10, 10, 10, 20, 10, 4]);
    expect([given, budget.heldBytes]).toEqual([[0, 1, 2], 30]);
    shares[0]?.shrinkTo(4);
    expect([given, budget.heldBytes]).toEqual([[0, 1, 2], 24]);
    waits[3]?.unsubscribe();
    shares[1]?.release();
    shares[1]?.release();
    expect([given, budget.heldBytes]).toEqual([[0, 1, 2, 4, 5], 28]);
    for (const share of shares) share?.release();
    expect(budget.heldBytes).toBe(0);
  });

  it('lets nobody pass who wants less than the one before it', () => {
    const { given, shares } = takers(10, [5, 8, 1]);
    expect(given).toEqual([0]);
    shares[0]?.release();
    expect(given).toEqual([0, 1, 2]);
  });

  it('is whole again after shares of broken sizes', () => {
    const { budget, given, shares } = takers(10, [0.1, 0.7, 3.3]);
    shares[2]?.shrinkTo(1.1);
    for (const share of shares) share.release();
    expect([given, budget.heldBytes]).toEqual([[0, 1, 2], 0]);
  });

  it('lets one page through where the bound is smaller than a page', () => {
    const { budget, given, shares } = takers(5, [10, 10]);
    expect([given, budget.heldBytes]).toEqual([[0], 10]);
    shares[0]?.release();
    expect([given, budget.heldBytes]).toEqual([[0, 1], 10]);
  });
});
