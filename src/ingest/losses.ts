/**
 * What a group that could not be written takes from those who rely on it (I1).
 */
import type { Loss } from './intake.ts';

/** Whether what relies on these is among what was lost. */
export function isLost({ seq, parked }: { readonly seq: number; readonly parked: number }, loss: Loss): boolean {
  return seq > loss.above || parked > loss.parkedAbove;
}

/** Two losses that are told as one. */
export function bothLosses(one: Loss, other: Loss): Loss {
  const above = Math.min(one.above, other.above);
  return { above, parkedAbove: Math.min(one.parkedAbove, other.parkedAbove), failure: one.failure };
}
