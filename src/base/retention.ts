/**
 * How long events are kept: a number of days, and for some event types another one.
 */
import { StartRefused } from './errors.ts';

/** Days by event type. */
export type DaysByEvent = Readonly<Record<string, number>>;

export interface Retention {
  readonly retentionDays: number;
  readonly retentionOverrides?: DaysByEvent | null;
}

/**
 * ClickHouse counts the end of a TTL in 32 bits of seconds: beyond 2106 it wraps around, and drops everything at once
 * (measured).
 */
export const retentionDaysMax = 25_000;
/** Each other number of days is a part more of every insert that has such events: hence so few. */
const classesMax = 8;

/** Reads JSON. Throws StartRefused with a sentence that names the setting. */
export function readDaysByEvent(setting: string, sent: string): DaysByEvent {
  const parsed = parse(sent);
  const days = Object.values(parsed ?? {});
  const isGood = days.every((one) => Number.isInteger(one) && Number(one) >= 1 && Number(one) <= retentionDaysMax);
  if (parsed !== null && isGood && new Set(days).size <= classesMax) {
    return parsed as DaysByEvent; // each value has just been looked at
  }
  throw new StartRefused(
    `${setting} must be a JSON object with whole days (1 to ${retentionDaysMax}, at most ${classesMax} ` +
      `different ones) by event type, not "${sent}".`,
  );
}

/** The days that every event is kept at least, whatever its type. */
export function leastRetentionDays({ retentionDays, retentionOverrides }: Retention): number {
  return Math.min(retentionDays, ...Object.values(retentionOverrides ?? {}));
}

/** The days after which no event is kept, whatever its type. */
export function longestRetentionDays({ retentionDays, retentionOverrides }: Retention): number {
  return Math.max(retentionDays, ...Object.values(retentionOverrides ?? {}));
}

function parse(sent: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(sent);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
