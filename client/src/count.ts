/** Counts: how many events fit a filter, by time, name, resource or label. */
import type { Count } from '../../schemas/count.ts';
import type { EventFilter } from './event-filter.ts';
import type { Http } from './http.ts';

/** `label`: by the names of the labels; that and `label:NAME` are extensions. */
export type CountBy = 'day' | 'time' | 'event' | 'resource' | 'label' | `label:${string}`;

export interface CountOptions {
  /** Only so many groups, the largest ones; of `time` and `day` all are given. An extension. */
  readonly limit?: number | undefined;
  /** Width of the buckets of `time`: `timeInterval` times this. Default `day`. */
  readonly timeUnit?: 'week' | 'day' | 'hour' | 'minute' | 'second' | undefined;
  /** Default 1. */
  readonly timeInterval?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export function countEvents(
  http: Http,
  by: CountBy,
  filter: EventFilter,
  { limit, timeUnit, timeInterval, signal }: CountOptions,
): Promise<Count[]> {
  const what = by.startsWith('label:') ? `label:${encodeURIComponent(by.slice('label:'.length))}` : by;
  const path = `/events/count-by/${what}${limit === undefined ? '' : `?limit=${limit}`}`;
  return http.json({
    method: 'POST',
    path,
    body: {
      filter,
      ...(timeUnit !== undefined && { time_unit: timeUnit }),
      ...(timeInterval !== undefined && { time_interval: timeInterval }),
    },
    signal,
  });
}
