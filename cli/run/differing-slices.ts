/** In which slices of a window two servers have different numbers of events. */
import type { Sluice } from '../../client/src/sluice.ts';

/** Both inclusive, ISO. */
export interface Slice {
  readonly since: string;
  readonly until: string;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** Neither server gives more buckets at once. */
const slicesMax = 900;

/** `untilMs` itself is not in it. */
export function sliceOf(sinceMs: number, untilMs: number): Slice {
  const last = new Date(untilMs - 1).toISOString().replace('Z', '999Z');
  return { since: new Date(sinceMs).toISOString(), until: last };
}

export async function differingSlices(
  one: Sluice,
  other: Sluice,
  window: Slice,
  signal: AbortSignal,
): Promise<readonly Slice[]> {
  const [sinceMs, endMs] = [Date.parse(window.since), Date.parse(window.until) + 1];
  const isLong = endMs - sinceMs > slicesMax * minuteMs;
  const widthMs = isLong ? hourMs : minuteMs;
  const [ours, theirs] = await Promise.all(
    [one, other].map(async (server) => {
      const options = { timeUnit: isLong ? 'hour' : 'minute', timeInterval: 1, signal } as const;
      const counts = await server.count('time', { occurred: window }, options);
      return new Map(counts.map(({ start_time: start, count }) => [Date.parse(start), count]));
    }),
  );
  const starts = new Set([...(ours?.keys() ?? []), ...(theirs?.keys() ?? [])]);
  return [...starts]
    .filter((startMs) => (ours?.get(startMs) ?? 0) !== (theirs?.get(startMs) ?? 0))
    .sort((a, b) => a - b)
    .map((startMs) => sliceOf(Math.max(startMs, sinceMs), Math.min(startMs + widthMs, endMs)));
}
