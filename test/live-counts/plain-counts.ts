/**
 * What POST count-by answers for a window, as of a position, written down once more and as plainly as possible: what
 * live counts are held against.
 */
import type { Count, LiveCountRequest } from '../../schemas/count.ts';
import type { AllFilters } from '../../schemas/filter.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { compilePredicate } from '../../src/filter/predicate.ts';
import { fromMicros, timeOfDate } from '../../src/filter/time.ts';
import { bucketEnds, bucketsOf } from '../../src/query/buckets.ts';

export function microsOf(time: string): bigint {
  const [, fraction = ''] = time.slice(0, -1).split('.');
  return BigInt(Date.parse(`${time.slice(0, 19)}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0'));
}

/** Both bounds inclusive; null is none. */
export function inside({ body }: StoredEvent, since: string, until: string | null): boolean {
  const at = microsOf(body.occurred);
  return at >= microsOf(since) && (until === null || at <= microsOf(until));
}

/** The own window apart: of those that are forced, the windows too. */
export function fitting([own, ...forced]: AllFilters): (event: StoredEvent) => boolean {
  const fits = compilePredicate([own, ...forced]);
  return (event) => fits(event) && forced.every(({ occurred: { since, until } }) => inside(event, since, until));
}

/** The groups that it is in. */
export function groupsWith(countable: LiveCountRequest['countable'], { body }: StoredEvent): string[] {
  if (typeof countable !== 'string') {
    if (countable.label === null) return Object.keys(body.resource);
    const value = body.resource[countable.label];
    return value === undefined ? [] : [value];
  }
  return [countable === 'resource' ? (body.resource['prefect.resource.id'] ?? '') : body.event];
}

export function nameOf({ body: { resource } }: StoredEvent): string {
  return resource['prefect.resource.name'] ?? resource['prefect.name'] ?? resource['prefect.resource.id'] ?? '';
}

export interface Asked {
  readonly request: LiveCountRequest;
  readonly filters: AllFilters;
}

/** `events` are all up to the position. */
export function plainCounts(
  { request, filters }: Asked,
  events: readonly StoredEvent[],
  { since, until }: { readonly since: string; readonly until: string },
  nowMs: number,
): Count[] {
  const fits = fitting(filters);
  const found = events.filter((event) => inside(event, since, until) && fits(event));
  const { countable } = request;
  if (countable !== 'time' && countable !== 'day') return groupsOf(request, found);
  const unit = countable === 'day' ? 'day' : request.unit;
  const interval = countable === 'day' ? 1 : request.interval;
  const now = timeOfDate(new Date(nowMs));
  const buckets = bucketsOf({ since, until }, unit, interval, now);
  const counts = new Map<number, number>();
  for (const { body } of found) {
    const index = Number((microsOf(body.occurred) - buckets.first) / buckets.width);
    counts.set(index, (counts.get(index) ?? 0) + 1);
  }
  const length = Math.max(buckets.count, 1 + Math.max(-1, ...counts.keys()));
  return Array.from({ length }, (_, index) => {
    const { start, end } = bucketEnds(buckets, index);
    const label = start.replace('Z', '+00:00');
    return { value: String(index), label, count: counts.get(index) ?? 0, start_time: start, end_time: end };
  });
}

function groupsOf({ countable, groupsMax }: LiveCountRequest, found: readonly StoredEvent[]): Count[] {
  const groups = new Map<string, StoredEvent[]>();
  for (const event of found) {
    for (const value of groupsWith(countable, event)) {
      const group = groups.get(value);
      if (group === undefined) groups.set(value, [event]);
      else group.push(event);
    }
  }
  const counts = [...groups].map(([value, events]) => {
    const sorted = [...events].sort((one, other) => {
      const [left, right] = [microsOf(one.body.occurred), microsOf(other.body.occurred)];
      return left < right ? -1 : left > right ? 1 : one.seq - other.seq;
    });
    const [first, last] = [sorted[0]!, sorted.at(-1)!];
    return {
      value,
      label: countable === 'resource' ? nameOf(last) : value,
      count: events.length,
      start_time: fromMicros(microsOf(first.body.occurred)) ?? '',
      end_time: fromMicros(microsOf(last.body.occurred)) ?? '',
    };
  });
  const bytes = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));
  return counts
    .sort((one, other) => other.count - one.count || bytes(one.label, other.label) || bytes(one.value, other.value))
    .slice(0, groupsMax ?? counts.length);
}
