/** How wide buckets of time are: as asked, or as fits the window. */
import { bucketsMax, type TimeUnit } from '../../schemas/count.ts';
import { UsageError } from '../exit-codes.ts';

export interface BucketWidth {
  readonly unit: TimeUnit;
  readonly interval: number;
}

const units: Readonly<Record<string, TimeUnit>> = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week' };
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const fitting: readonly (readonly [ms: number, width: BucketWidth])[] = [
  [1_000, { unit: 'second', interval: 1 }],
  [10_000, { unit: 'second', interval: 10 }],
  [minute, { unit: 'minute', interval: 1 }],
  [10 * minute, { unit: 'minute', interval: 10 }],
  [hour, { unit: 'hour', interval: 1 }],
  [6 * hour, { unit: 'hour', interval: 6 }],
  [day, { unit: 'day', interval: 1 }],
];
/** What still reads well below each other. */
const bucketsWanted = 60;

/** `10m`, `1h`, `0.5s`. Throws UsageError. */
export function readWidth(text: string): BucketWidth {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(text) ?? [];
  const found = units[unit];
  if (found !== undefined && Number(number) > 0) return { unit: found, interval: Number(number) };
  throw new UsageError(`--by must be a length of time as 30s, 10m, 1h, 1d or 1w, not "${text}".`);
}

/** About sixty buckets at most; for years of events, weeks. */
export function fittingWidth(windowMs: number): BucketWidth {
  const found = fitting.find(([ms]) => windowMs / ms <= bucketsWanted);
  if (found !== undefined) return found[1];
  return windowMs / day <= bucketsMax ? { unit: 'day', interval: 1 } : { unit: 'week', interval: 1 };
}
