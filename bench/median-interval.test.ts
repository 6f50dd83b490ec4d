/**
 * The interval of a median, by the ranks that tables of the sign test give.
 */
import { describe, expect, it } from 'vitest';
import { rankOfInterval } from './median-interval.ts';

describe('the interval of a median', () => {
  it('leaves out as many values on each side as the tables of the sign test say', () => {
    expect([5, 6, 8, 9, 10, 12, 15, 20].map(rankOfInterval)).toEqual([0, 0, 0, 1, 1, 2, 3, 5]);
  });
});
