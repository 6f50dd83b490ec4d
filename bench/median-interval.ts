/**
 * How sure a median of few runs is, whatever the distribution of the runs.
 */

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
