/**
 * How sure a median of few runs is, whatever the distribution of the runs.
 */
import { median, round } from './target.ts';

/** The median of the values, and the interval that holds the true one in at least 95 of 100 cases. */
export function medianAndInterval(values: readonly number[]): {
  readonly median: number;
  readonly interval: readonly [number, number];
} {
  const sorted = values.toSorted((one, other) => one - other);
  const cut = rankOfInterval(sorted.length);
  const [low = Number.NaN, high = Number.NaN] = [sorted[cut], sorted.at(-1 - cut)];
  return { median: round(median(sorted), 3), interval: [round(low, 3), round(high, 3)] };
}

/**
 * How many of the smallest and of the largest values lie outside the interval that holds the true median in at least 95
 * of 100 cases: each value lies below the median as a coin falls, so it is outside with twice the binomial's tail.
 */
export function rankOfInterval(count: number): number {
  let tail = 0;
  let chance = 0.5 ** count;
  for (let rank = 0; rank <= count; rank += 1) {
    tail += chance;
    if (2 * tail > 0.05) return Math.max(0, rank - 1);
    chance *= (count - rank) / (rank + 1);
  }
  return 0;
}
