/** Which time counts look at, and how wide their bars are. */
import type { CountOptions } from '../../../client/src/count.ts';
import type { EventFilter } from '../../../client/src/event-filter.ts';
import { durationMs } from '../../../client/src/filter-line-time.ts';
import type { Asked } from '../filter/asked.ts';

export interface CountWindow {
  readonly filter: EventFilter;
  /** Slides; null where the filter names the time. */
  readonly last: string | null;
  readonly lengthMs: number;
}

export interface BarWidth {
  /** As `10s`. */
  readonly text: string;
  readonly ms: number;
}

export const lasts = ['5m', '15m', '1h', '6h', '24h', '7d', '30d'] as const;

/** In their order. */
const widths: readonly BarWidth[] = '1s 2s 5s 10s 15s 30s 1m 2m 5m 10m 15m 30m 1h 2h 3h 6h 12h 1d 7d'
  .split(' ')
  .map((text) => ({ text, ms: msOf(text) }));

const barsWanted = 120;
/** More a question is refused. */
const barsMax = 1000;

export function windowOf({ filter, since, until }: Asked, last: string, nowMs: number): CountWindow {
  if (since === null && until === null) return { filter, last, lengthMs: msOf(last) };
  const end = until === null ? nowMs : Date.parse(until);
  const start = since === null ? end - msOf(last) : Date.parse(since);
  const occurred = { since: new Date(start).toISOString(), ...(until !== null && { until }) };
  return { filter: { ...filter, occurred }, last: null, lengthMs: Math.max(1000, end - start) };
}

/** A window that slides is the one of now. */
export function filterOf({ filter, last, lengthMs }: CountWindow, nowMs: number): EventFilter {
  if (last === null) return filter;
  return { ...filter, occurred: { since: new Date(nowMs - lengthMs).toISOString() } };
}

/** Those that a window can have. */
export function fittingWidths(lengthMs: number): readonly BarWidth[] {
  const found = widths.filter(({ ms }) => lengthMs / ms < barsMax - 1 && ms <= lengthMs);
  return found.length > 0 ? found : widths.slice(lengthMs < (widths[0]?.ms ?? 0) ? 0 : -1).slice(0, 1);
}

/** The one that was chosen, if the window can have it; else about a hundred bars. */
export function barWidth(lengthMs: number, chosen: string): BarWidth {
  const fitting = fittingWidths(lengthMs);
  const asked = fitting.find(({ text }) => text === chosen);
  const found = asked ?? fitting.find(({ ms }) => lengthMs / ms <= barsWanted) ?? fitting.at(-1);
  return found ?? { text: '1s', ms: 1000 };
}

export function unitsOf({ text }: BarWidth): Pick<CountOptions, 'timeUnit' | 'timeInterval'> {
  const names = { s: 'second', m: 'minute', h: 'hour', d: 'day' } as const;
  const unit = text.at(-1);
  if (unit !== 's' && unit !== 'm' && unit !== 'h' && unit !== 'd') throw new Error(`not a width: ${text}`);
  return { timeUnit: names[unit], timeInterval: Number(text.slice(0, -1)) };
}

function msOf(text: string): number {
  return durationMs(text) ?? 0;
}
