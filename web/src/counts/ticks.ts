/** Where an axis has its marks: at round values, so many as there is room for. */
import { durationMs } from '../../../client/src/filter-line-time.ts';

const steps = '1s 5s 10s 30s 1m 5m 10m 30m 1h 3h 6h 12h 1d 2d 7d 14d 30d 90d 365d'
  .split(' ')
  .map((text) => durationMs(text) ?? 0);

const dayMs = 24 * 60 * 60 * 1000;

export interface Tick {
  readonly at: number;
  readonly text: string;
}

/** Times are milliseconds since 1970; `offsetMs` is that of the zone in which they are round. */
export function timeTicks(from: number, to: number, ticksMax: number, offsetMs: number): Tick[] {
  const step = steps.find((ms) => (to - from) / ms <= ticksMax) ?? (to - from) / Math.max(1, ticksMax);
  const ticks: Tick[] = [];
  for (let at = Math.ceil((from + offsetMs) / step) * step; at < to + offsetMs; at += step) {
    ticks.push({ at: at - offsetMs, text: timeText(at, step) });
  }
  return ticks;
}

/** From 0 up to the first round number that is not below the largest. */
export function numberTicks(largest: number, ticksMax: number): number[] {
  const rough = Math.max(1, largest) / Math.max(1, ticksMax);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, ([1, 2, 5, 10].find((each) => each * power >= rough) ?? 10) * power);
  const count = Math.ceil(Math.max(1, largest) / step);
  return Array.from({ length: count + 1 }, (_, at) => at * step);
}

/** Midnight is called by its day. */
function timeText(shifted: number, step: number): string {
  const iso = new Date(shifted).toISOString();
  if (step >= dayMs || shifted % dayMs === 0) return iso.slice(step >= 300 * dayMs ? 0 : 5, 10);
  return iso.slice(11, step < 60_000 ? 19 : 16);
}
