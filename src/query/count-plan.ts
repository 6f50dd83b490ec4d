/**
 * Which aggregate projection of `events` (migration 005) answers a count. It holds steps of an hour or of six hours.
 * Steps that lie whole within the range come from it, the edges from the rows. A projection is stored in its part of
 * the table, so both tell the same (I8).
 */
import type { AllFilters, Filter } from '../../schemas/filter.ts';
import { conditionsOf } from '../filter/filter-parts.ts';
import { toMicros } from '../filter/time.ts';
import type { BucketGrid } from './buckets.ts';

export type Rollup = 'hour' | 'sixHours';

/** Whole steps of the projection, the second exclusive, and the same as micros since 1970. */
export interface Middle {
  readonly rollup: Rollup;
  readonly first: bigint;
  readonly end: bigint;
  readonly firstMicros: bigint;
  readonly endMicros: bigint;
}

const yearOne = 62_135_596_800_000_000n;
const stepMicros: Record<Rollup, bigint> = { hour: 3_600_000_000n, sixHours: 21_600_000_000n };
/** With fewer steps the rows of a range are as quick. */
const stepsMin = 2n;

/** The text must be that of the projections, or they are not used. It counts from the year 0001. */
export const stepOf: Record<Rollup, string> = {
  hour: `intDiv(toUnixTimestamp64Micro(occurred) + ${yearOne}, ${stepMicros.hour})`,
  sixHours: `intDiv(toUnixTimestamp64Micro(occurred) + ${yearOne}, ${stepMicros.sixHours})`,
};

/** Null if the filter asks for what the projection does not know, or if the range is too short. */
export function middleOf([filter, ...forced]: AllFilters, rollup: Rollup): Middle | null {
  // The steps of one window only.
  if (forced.length > 0 || !isKnown(filter, rollup)) return null;
  const step = stepMicros[rollup];
  const { since, until } = filter.occurred;
  const first = (toMicros(since) + yearOne + step - 1n) / step;
  // The last microsecond counts too, and no event is later than the year 9999.
  const end = (toMicros(until ?? '9999-12-31T23:59:59.999999Z') + yearOne + 1n) / step;
  if (end - first < stepsMin) return null;
  return { rollup, first, end, firstMicros: first * step - yearOne, endMicros: end * step - yearOne };
}

/** Whether each step lies in one bucket. */
export function fitsBuckets({ first, width }: BucketGrid, rollup: Rollup): boolean {
  const step = stepMicros[rollup];
  return width % step === 0n && (first + yearOne) % step === 0n;
}

/** The micros at which a step begins, as SQL. */
export function stepStart(rollup: Rollup): string {
  return `(${stepOf[rollup]} * ${stepMicros[rollup]} - ${yearOne})`;
}

/** Whether filters have a window and nothing else. */
export function asksForTimeOnly(filters: AllFilters): boolean {
  return filters.every((filter) => isKnown(filter, 'sixHours'));
}

/** The conditions that a projection knows: it has their columns. */
const known: Record<Rollup, readonly (keyof Filter)[]> = { hour: ['occurred', 'event'], sixHours: ['occurred'] };

function isKnown(filter: Filter, rollup: Rollup): boolean {
  return conditionsOf(filter).every((name) => known[rollup].includes(name));
}
