/**
 * Times. Every form that a producer or a filter may send becomes one canonical UTC text (docs/prefect-facts.md,
 * "Sending events"). Arithmetic in microseconds on that text is exact from year 0001 to 9999. Predicate and SQL compare
 * the same text (I6).
 */
import type { Location, ValidationIssue } from '../../schemas/validation-issue.ts';
import { dateOfForm, daysInMonth } from './calendar.ts';

export type ParsedTime =
  | { readonly ok: true; readonly time: string }
  | { readonly ok: false; readonly msg: string; readonly ctx?: { readonly error: Record<string, never> } };

/**
 * Any JSON value as a canonical time (`YYYY-MM-DDTHH:MM:SS[.ffffff]Z`). ISO 8601 with any offset; without one it is
 * UTC. A date is its midnight. Digits past the sixth are cut. A number is epoch seconds, beyond ±2e10 milliseconds, as
 * Pydantic reads it. What Prefect resolves by its clock (`now`, `12:00`) is refused: an event that is sent again would
 * get another time.
 */
export function parseTime(value: unknown): ParsedTime {
  if (typeof value === 'string') return parseTimeText(value);
  if (typeof value === 'number') return fromNumber(value) ?? notATime;
  return notATime;
}

/** The row of a 422 for a time that `parseTime` refused. */
export function timeIssue(refused: ParsedTime & { ok: false }, loc: Location, input: unknown): ValidationIssue {
  const issue = { type: 'value_error', loc, msg: refused.msg, input };
  return refused.ctx ? { ...issue, ctx: refused.ctx } : issue;
}

/** `YYYY-MM-DD hh:mm:ss.ffffff`, as a DateTime64(6, 'UTC') reads and prints it. */
export function formatTimeForClickHouse(canonical: string): string {
  return `${canonical.slice(0, 10)} ${canonical.slice(11, 19)}.${fractionOf(canonical)}`;
}

/** The canonical text of what `formatTimeForClickHouse` made (or ClickHouse printed). */
export function parseClickHouseTime(text: string): string {
  return canonicalTime(`${text.slice(0, 10)}T${text.slice(11, 19)}`, text.slice(20));
}

export function timeOfDate(date: Date): string {
  const text = date.toISOString();
  return canonicalTime(text.slice(0, 19), text.slice(20, 23));
}

/** Microseconds since 1970-01-01T00:00:00Z; a BigInt, for 9999 lies beyond 2^53. */
export function toMicros(canonical: string): bigint {
  return BigInt(Date.parse(`${canonical.slice(0, 19)}Z`)) * 1000n + BigInt(fractionOf(canonical));
}

/** The canonical time of `toMicros`; null outside of the years 0001 to 9999. */
export function fromMicros(micros: bigint): string | null {
  // From 1684 to 2255 a number is exact, and several times as quick: a count by resource has ten thousand times.
  const small = Number(micros);
  const isSmall = Number.isSafeInteger(small);
  const fraction = isSmall ? ((small % 1e6) + 1e6) % 1e6 : Number(((micros % 1_000_000n) + 1_000_000n) % 1_000_000n);
  return timeAt(isSmall ? (small - fraction) / 1e6 : Number((micros - BigInt(fraction)) / 1_000_000n), fraction);
}

/** The canonical time of whole seconds since 1970 and the microseconds behind them; null as for `fromMicros`. */
export function timeAt(seconds: number, micros: number): string | null {
  const base = baseOfSeconds(seconds);
  return base === null ? null : canonicalTime(base, String(micros).padStart(6, '0'));
}

const notATime: ParsedTime = { ok: false, msg: 'value is not a valid datetime' };

function unparsable(text: string): ParsedTime {
  return { ok: false, msg: `Value error, Unable to parse string [${text}]`, ctx: { error: {} } };
}

/**
 * Each digit can be read in one way only. With two ways (`\d+\.?\d*`) a long run that fails costs the square of its
 * length.
 */
const numeric = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/;
const form = /^([\dW/-]+)[Tt _](\d{2})(?:(:?)(\d{2})(?:\3(\d{2})(?:[.,](\d+))?)?)?(Z|z|[+\u2212-]\d{2}(?::?\d{2})?)?$/;

function parseTimeText(text: string): ParsedTime {
  if (isCanonicalShape(text)) return { ok: true, time: text };
  if (numeric.test(text)) return fromNumber(Number(text)) ?? unparsable(text);
  const parts = form.exec(text);
  const date = dateOfForm(parts?.[1] ?? text);
  if (date === null) return unparsable(text);
  if (parts === null) return { ok: true, time: `${date.text}T00:00:00Z` };
  const [, , hour = '', colon, minute, second = '00', fraction = '', zone = ''] = parts;
  if (minute !== undefined && date.isBasic !== (colon === '')) return unparsable(text);
  if (hour > '23' || (minute ?? '00') > '59' || second > '59') return unparsable(text);
  const base = shifted(`${date.text}T${hour}:${minute ?? '00'}:${second}`, zone);
  return base === null ? unparsable(text) : { ok: true, time: canonicalTime(base, fraction) };
}

/** Whether the time is in the shape in which nearly all come. No regular expression, for this runs for every event. */
function isCanonicalShape(text: string): boolean {
  const size = text.length;
  if ((size !== 20 && size !== 27) || text.charCodeAt(size - 1) !== 0x5a) return false;
  if (text[4] !== '-' || text[7] !== '-' || text[10] !== 'T' || text[13] !== ':' || text[16] !== ':') return false;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1 && (day <= 28 || day <= daysInMonth(year, month))))
    return false;
  if (!(digits(text, 11, 13) <= 23 && digits(text, 14, 16) <= 59 && digits(text, 17, 19) <= 59)) return false;
  return size === 20 || (text[19] === '.' && digits(text, 20, 26) > 0);
}

/** NaN unless all are digits, so that every comparison with it fails. */
function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** Moves a local time to UTC; null if the offset is a day or more, or the year leaves 0001 to 9999. */
function shifted(base: string, zone: string): string | null {
  if (zone === '' || zone === 'Z' || zone === 'z') return base;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(':', ''));
  if (minutes >= 24 * 60) return null;
  const sign = zone.startsWith('+') ? 1 : -1;
  return baseOfSeconds(Date.parse(`${base}Z`) / 1000 - sign * minutes * 60);
}

const watershed = 2e10;

function fromNumber(value: number): ParsedTime | null {
  if (!Number.isFinite(value)) return null;
  const perSecond = Math.abs(value) > watershed ? 1000 : 1;
  const whole = Math.floor(value / perSecond);
  const micros = Math.round((value - whole * perSecond) * (1e6 / perSecond));
  const base = baseOfSeconds(micros === 1e6 ? whole + 1 : whole);
  if (base === null) return null;
  return { ok: true, time: canonicalTime(base, String(micros % 1e6).padStart(6, '0')) };
}

const firstSecond = -62_135_596_800;
const lastSecond = 253_402_300_799;

const daySeconds = 86_400;
const twoDigits = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));
/** The day that was asked for last. Times of one day come together. */
const known = { day: Number.NaN, text: '' };

function baseOfSeconds(seconds: number): string | null {
  if (!(seconds >= firstSecond && seconds <= lastSecond)) return null;
  const day = Math.floor(seconds / daySeconds);
  if (day !== known.day) {
    known.text = new Date(day * daySeconds * 1000).toISOString().slice(0, 11);
    known.day = day;
  }
  const second = Math.floor(seconds - day * daySeconds);
  const minute = Math.floor(second / 60);
  return `${known.text}${twoDigits[Math.floor(minute / 60)]}:${twoDigits[minute % 60]}:${twoDigits[second % 60]}`;
}

function fractionOf(canonical: string): string {
  return canonical.length === 27 ? canonical.slice(20, 26) : '000000';
}

function canonicalTime(base: string, fraction: string): string {
  const six = fraction.slice(0, 6).padEnd(6, '0');
  return six === '000000' ? `${base}Z` : `${base}.${six}Z`;
}
