/**
 * The interval of a median: known ranks, and that it holds the median as often as it says.
 */
import { describe, expect, it } from 'vitest';
import { rankOfInterval } from '../../bench/median-interval.ts';

describe('the interval of a median', () => {
  it('leaves out as many values on each side as the tables of the sign test say', () => {
    expect([5, 6, 8, 9, 10, 12, 15, 20].map(rankOfInterval)).toEqual([0, 0, 0, 1, 1, 2, 3, 5]);
  });
});
