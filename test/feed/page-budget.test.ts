/** The budget that backfilling feeds share (I5): never over its bound, first come first served, nothing kept by who has gone. */
import { NEVER, of, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { createPageBudget } from '../../src/feed/page-budget.ts';

describe('the budget of pages', () => {
  it('lets so many in as it has room for, and the next ones in their order as pages shrink or are let go', () => {
    const budget = createPageBudget(30, 10);
    const begun: number[] = [];
    const shrink = new Subject<number>();
    const holders = [0, 1, 2, 3, 4, 5].map((nth) =>
      budget
        .hold((share) => {
          begun.push(nth);
          if (nth === 0) shrink.subscribe((bytes) => share.shrinkTo(bytes));
          return NEVER;
        })
        .subscribe(),
    );
    expect([begun, budget.heldBytes]).toEqual([[0, 1, 2], 30]);
    shrink.next(4);
    expect(budget.heldBytes).toBe(24);
    holders[3]?.unsubscribe();
    holders[1]?.unsubscribe();
    expect([begun, budget.heldBytes]).toEqual([[0, 1, 2, 4], 24]);
    shrink.next(4);
    holders[2]?.unsubscribe();
    expect(begun).toEqual([0, 1, 2, 4, 5]);
    for (const holder of holders) holder.unsubscribe();
    expect(budget.heldBytes).toBe(0);
  });

  it('gives a share back when the work is done, or has failed', () => {
    const budget = createPageBudget(10, 10);
    const got: unknown[] = [];
    budget.hold(() => of('page')).subscribe((value) => got.push(value));
    budget
      .hold(() => {
        throw new Error('no page');
      })
      .subscribe({ error: (error: Error) => got.push(error.message) });
    expect([got, budget.heldBytes]).toEqual([['page', 'no page'], 0]);
  });

  it('lets one page through where the bound is smaller than a page', () => {
    const budget = createPageBudget(5, 10);
    const holder = budget.hold(() => NEVER).subscribe();
    const begun: string[] = [];
    budget.hold(() => of(begun.push('second'))).subscribe();
    expect([begun, budget.heldBytes]).toEqual([[], 10]);
    holder.unsubscribe();
    expect([begun, budget.heldBytes]).toEqual([['second'], 0]);
  });
});
