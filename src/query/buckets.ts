/**
 * Time buckets in exact microseconds (docs/prefect-facts.md, "Counts"): equal widths, counted from Monday 2024-04-01
 * both ways, without a gap, so that every time lies in exactly one (I8).
 */
import { bucketsMax, type Count, type CountRequest, type TimeUnit } from '../../schemas/count.ts';
import { fromMicros, toMicros } from '../filter/time.ts';

export interface Range {
  /** Canonical times, both inclusive. */
  readonly since: string;
  readonly until: string;
}

/** Bucket i is [first + i × width, first + (i+1) × width), in microseconds since 1970. */
export interface Buckets {
  readonly first: bigint;
  readonly width: bigint;
  /** How many are given even if they are empty. */
  readonly count: number;
}

/** Buckets without an end. */
export type BucketGrid = Pick<Buckets, 'first' | 'width'>;

/**
 * The buckets of a range. The first holds `since`. The last is the one that starts before `until`; if `until` is after
 * now, it is the one that holds the end of the current unit. If `since` is after `until`, there are none.
 */
export function bucketsOf({ since, until }: Range, unit: TimeUnit, interval: number, now: string): Buckets {
  const width = bucketWidth(unit, interval);
  const start = toMicros(since);
  const first = floorTo(start - pivot, width) + pivot;
  const stop = toMicros(until);
  const end = stop > toMicros(now) ? endOfUnit(toMicros(now), unit) : stop;
  const isEmpty = stop < start || end <= first;
  return { first, width, count: isEmpty ? 0 : Number(ceilDivide(end - first, width)) };
}

/** The two ends of bucket `index`, both inclusive. Buckets that reach beyond the years 0001 to 9999 end there. */
export function bucketEnds(buckets: BucketGrid, index: number): { start: string; end: string } {
  const start = buckets.first + BigInt(index) * buckets.width;
  return {
    start: fromMicros(start) ?? '0001-01-01T00:00:00Z',
    end: fromMicros(start + buckets.width - 1n) ?? '9999-12-31T23:59:59.999999Z',
  };
}

/** Bucket `index` as it stands in an answer whose list begins with bucket `first`. */
export function bucketItem(buckets: BucketGrid, index: number, count: number, first = 0): Count {
  const { start, end } = bucketEnds(buckets, index);
  const label = `${start.slice(0, -1)}+00:00`;
  return { value: String(index - first), label, count, start_time: start, end_time: end };
}

/** As `tooManyBuckets`, of what is asked; `day` counts by 1 day whatever is asked, so for it the days count too. */
export function tooManyAsked(
  range: Range,
  { countable, unit, interval }: Pick<CountRequest, 'countable' | 'unit' | 'interval'>,
): string | null {
  return tooManyBuckets(range, unit, interval) ?? (countable === 'day' ? tooManyBuckets(range, 'day', 1) : null);
}

/** Prefect's sentence if the range has more than 1000 buckets, else null. */
export function tooManyBuckets({ since, until }: Range, unit: TimeUnit, interval: number): string | null {
  const count = ceilDivide(toMicros(until) - toMicros(since), bucketWidth(unit, interval));
  if (count <= bucketsMax) return null;
  return (
    `The given interval would create ${count} buckets, which is too many. Please increase the interval or reduce the ` +
    `time range to produce ${bucketsMax} buckets or fewer.`
  );
}

/**
 * The unit times the interval as it is written in decimal, rounded to whole microseconds (half to even, as Prefect
 * rounds).
 */
export function bucketWidth(unit: TimeUnit, interval: number): bigint {
  const [mantissa = '', exponent = '0'] = String(interval).split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const power = Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction) * microsOf[unit];
  const width = power >= 0 ? digits * 10n ** BigInt(power) : divideHalfEven(digits, 10n ** BigInt(-power));
  return width > widthMax ? widthMax : width;
}

const secondMicros = 1_000_000n;
const microsOf: Record<TimeUnit, bigint> = {
  week: 604_800n * secondMicros,
  day: 86_400n * secondMicros,
  hour: 3_600n * secondMicros,
  minute: 60n * secondMicros,
  second: secondMicros,
};

/** A Monday, for weeks begin on Mondays. */
const pivot = toMicros('2024-04-01T00:00:00Z');

/**
 * Longer than the years 0001 to 9999, so all wider buckets are alike. Arithmetic with it fits ClickHouse's Int64.
 */
const widthMax = 10n ** 18n;

/** The last microsecond of the unit that holds the time. */
function endOfUnit(time: bigint, unit: TimeUnit): bigint {
  const width = microsOf[unit];
  return floorTo(time - pivot, width) + pivot + width - 1n;
}

function floorTo(value: bigint, step: bigint): bigint {
  const rest = value % step;
  return value - (rest < 0n ? rest + step : rest);
}

function ceilDivide(value: bigint, step: bigint): bigint {
  return -floorTo(-value, step) / step;
}

function divideHalfEven(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  const twice = (value % divisor) * 2n;
  return twice > divisor || (twice === divisor && quotient % 2n === 1n) ? quotient + 1n : quotient;
}
