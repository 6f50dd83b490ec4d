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

/** Of events that were looked at before: many lists are made of the same ones. */
const occurredOf = new WeakMap<StoredEvent, bigint>();

function occurredMicros(event: StoredEvent): bigint {
  const known = occurredOf.get(event);
  if (known !== undefined) return known;
  const micros = microsOf(event.body.occurred);
  occurredOf.set(event, micros);
  return micros;
}

/** Both bounds inclusive; null is none. */
export function within(since: string, until: string | null): (event: StoredEvent) => boolean {
  const [from, to] = [microsOf(since), until === null ? null : microsOf(until)];
  return (event) => {
    const at = occurredMicros(event);
    return at >= from && (to === null || at <= to);
  };
}

/** The own window apart: of those that are forced, the windows too. */
export function fitting([own, ...forced]: AllFilters): (event: StoredEvent) => boolean {
  const fits = compilePredicate([own, ...forced]);
  const windows = forced.map(({ occurred: { since, until } }) => within(since, until));
  return (event) => fits(event) && windows.every((isWithin) => isWithin(event));
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
  const [isWithin, fits] = [within(since, until), fitting(filters)];
  const found = events.filter((event) => isWithin(event) && fits(event));
  const { countable } = request;
  if (countable !== 'time' && countable !== 'day') return groupsOf(request, found);
  const unit = countable === 'day' ? 'day' : request.unit;
  const interval = countable === 'day' ? 1 : request.interval;
  const now = timeOfDate(new Date(nowMs));
  const buckets = bucketsOf({ since, until }, unit, interval, now);
  const counts = new Map<number, number>();
  for (const event of found) {
    const index = Number((occurredMicros(event) - buckets.first) / buckets.width);
    counts.set(index, (counts.get(index) ?? 0) + 1);
  }
  const length = Math.max(buckets.count, 1 + Math.max(-1, ...counts.keys()));
  return Array.from({ length }, (_, index) => {
    const { start, end } = bucketEnds(buckets, index);
    const label = start.replace('Z', '+00:00');
    return { value: String(index), label, count: counts.get(index) ?? 0, start_time: start, end_time: end };
  });
}

/** Events of one moment in the order of seq. */
function isBefore(one: StoredEvent, other: StoredEvent): boolean {
  const [left, right] = [occurredMicros(one), occurredMicros(other)];
  return left < right || (left === right && one.seq < other.seq);
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
    const first = events.reduce((one, other) => (isBefore(other, one) ? other : one));
    const last = events.reduce((one, other) => (isBefore(one, other) ? other : one));
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
