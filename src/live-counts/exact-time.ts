/**
 * Times as two whole numbers, seconds since 1970 and the microseconds within the second: exact from the year 1 to 9999,
 * compared and divided without memory of their own (one number of microseconds is exact from 1684 to 2255 only).
 */
import { timeAt } from '../filter/time.ts';

export interface ExactTime {
  readonly seconds: number;
  /** Within the second: 0 to 999,999. */
  readonly micros: number;
}

export function momentOf(canonical: string): ExactTime {
  return { seconds: secondsOf(canonical), micros: microsOf(canonical) };
}

const known = { day: -1, seconds: 0 };

/** Of a canonical time (`YYYY-MM-DDTHH:MM:SS[.ffffff]Z`); times of one day come together. */
export function secondsOf(time: string): number {
  const day = (two(time, 0) * 100 + two(time, 2)) * 10_000 + two(time, 5) * 100 + two(time, 8);
  if (day !== known.day) {
    known.seconds = Date.parse(`${time.slice(0, 10)}T00:00:00Z`) / 1000;
    known.day = day;
  }
  return known.seconds + two(time, 11) * 3600 + two(time, 14) * 60 + two(time, 17);
}

/** Of a canonical time: what stands behind its point. */
export function microsOf(time: string): number {
  return time.length === 27 ? two(time, 20) * 10_000 + two(time, 22) * 100 + two(time, 24) : 0;
}

function two(text: string, at: number): number {
  return (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;
}

const million = 1_000_000;

/** Of microseconds since 1970. */
export function momentOfMicros(micros: bigint): ExactTime {
  const rest = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  return { seconds: Number((micros - rest) / 1_000_000n), micros: Number(rest) };
}

export function wholeMicros({ seconds, micros }: ExactTime): bigint {
  return BigInt(seconds) * 1_000_000n + BigInt(micros);
}

/** The canonical time; those outside of the years 1 to 9999 are the first and the last. */
export function textOf({ seconds, micros }: ExactTime): string {
  return timeAt(seconds, micros) ?? (seconds < 0 ? '0001-01-01T00:00:00Z' : '9999-12-31T23:59:59.999999Z');
}

/** The last microsecond before a millisecond since 1970. */
export function momentBefore(ms: number): ExactTime {
  const micros = (ms % 1000) * 1000 - 1;
  const seconds = Math.floor(ms / 1000);
  return micros < 0 ? { seconds: seconds - 1, micros: million - 1 } : { seconds, micros };
}

/** Equal steps of time from a moment on. */
export class EqualSteps {
  readonly #first: ExactTime;
  readonly #firstMicros: bigint;
  readonly #width: bigint;
  readonly #widthNumber: number;

  constructor(first: ExactTime, width: bigint) {
    this.#first = first;
    this.#firstMicros = wholeMicros(first);
    this.#width = width;
    this.#widthNumber = Number(width);
  }

  /** In which of them a moment lies; negative before the first. */
  indexOf(seconds: number, micros: number): number {
    const apart = seconds - this.#first.seconds;
    // Within 280 years the microseconds are whole numbers, and the quotient is exact enough to be cut.
    if (apart > -9e9 && apart < 9e9 && this.#widthNumber < 9e15) {
      return Math.floor((apart * million + micros - this.#first.micros) / this.#widthNumber);
    }
    const distance = BigInt(seconds) * 1_000_000n + BigInt(micros) - this.#firstMicros;
    const index = distance / this.#width;
    return Number(distance < 0n && index * this.#width !== distance ? index - 1n : index);
  }
}
