/** Texts of events are hostile, times and numbers are to be read: how each is shown. */

/** Control characters and what turns the direction of text are shown as `\u202e`. */
export { visible } from '../../../client/src/visible.ts';

const grouped = new Intl.NumberFormat('en-US');

export function numberText(value: number): string {
  return grouped.format(value);
}

/** `1 event`, `2 events`. */
export function countText(count: number, word: string): string {
  return `${numberText(count)} ${word}${count === 1 ? '' : 's'}`;
}

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `2 min`, of a length of time in seconds. */
export function secondsText(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** `2026-11-29 08:30:00.123`. What is no time stays as it is. */
export function timeText(iso: string, isUtc: boolean): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const shifted = isUtc ? at : new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return shifted.toISOString().replace('T', ' ').slice(0, -1);
}

/** Without the day. */
export function clockText(iso: string, isUtc: boolean): string {
  return timeText(iso, isUtc).slice(11);
}
