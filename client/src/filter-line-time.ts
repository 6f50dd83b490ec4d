/**
 * Times as people type them: a time of ISO 8601, in UTC where it names no zone, or a time ago as `45s 10m 12h 7d`.
 */
import { unitMs } from '../../schemas/time-units.ts';
import { FilterLineError } from './filter-line-error.ts';

const ago = /^(\d{1,9}(?:\.\d{1,3})?)([smhd])$/;
const iso = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?)?$/i;

/** Milliseconds of a length of time as `10m`; null for anything else. */
export function durationMs(text: string): number | null {
  const [, number = '', unit = ''] = ago.exec(text) ?? [];
  const ofUnit = unitMs[unit];
  return ofUnit === undefined ? null : Number(number) * ofUnit;
}

/** The time as the API takes it. Throws FilterLineError. */
export function timeOf(field: string, text: string, nowMs: number): string {
  refuseBadTime(field, text);
  const before = durationMs(text);
  if (before !== null) return new Date(Math.max(0, nowMs - before)).toISOString();
  const [, day = '', clock = '00:00:00', zone = 'Z'] = iso.exec(text) ?? [];
  return `${day}T${clock.length === 5 ? `${clock}:00` : clock}${zone.toUpperCase()}`;
}

/** Throws FilterLineError for what is no time. */
export function refuseBadTime(field: string, text: string): void {
  if (durationMs(text) !== null) return;
  const [, day = '', clock = '00:00'] = iso.exec(text) ?? [];
  if (day !== '' && isDay(day) && !Number.isNaN(Date.parse(`${day}T${clock}Z`))) return;
  throw new FilterLineError(
    `${field}:${text} is no time: give one as 2026-11-29T08:30:00Z, or how long ago as 45s, 10m, 12h or 7d.`,
  );
}

/** Dates roll over: the 30th of February is one of March to the runtime. */
function isDay(day: string): boolean {
  const time = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day);
}
