/** Random questions of live-counts.property.test.ts: of each countable, with each kind of window, forced or not. */
import fc from 'fast-check';
import type { LiveCountRequest } from '../../schemas/count.ts';
import type { Filter } from '../../schemas/filter.ts';
import { defaultFilter } from '../../src/filter/validate-filter.ts';
import type { Asked } from './plain-counts.ts';

export const question = fc.record({
  countable: fc.constantFrom<LiveCountRequest['countable']>(
    ...(['event', 'resource', 'time', 'day'] as const),
    { label: 'region' },
    { label: null },
  ),
  unit: fc.constantFrom<LiveCountRequest['unit']>('second', 'minute'),
  interval: fc.constantFrom(1, 0.25, 7),
  groupsMax: fc.constantFrom(null, null, 1, 2),
  window: fc.constantFrom('since', 'both', 'ahead', 'soon', 'last', 'last', 'long'),
  name: fc.nat(4),
  isForced: fc.boolean(),
});
export type AskedFor = typeof question extends fc.Arbitrary<infer Value> ? Value : never;

/** As it is asked now. */
export function askedOf({ window, name, isForced, groupsMax, countable, ...rest }: AskedFor): Asked {
  const base = defaultFilter({ now: new Date(), openEnded: true });
  const at = (ms: number): string =>
    new Date(Date.now() + ms)
      .toISOString()
      .replace(/\.(\d{3})Z/, '.$1000Z')
      .replace('.000000Z', 'Z');
  const lasts: Readonly<Record<string, number>> = { last: 12_000, long: 70_000 };
  const lastMs = lasts[window] ?? null;
  const until = window === 'both' ? at(-1_500) : window === 'ahead' ? at(4_000) : null;
  const filter: Filter = {
    ...base,
    occurred:
      lastMs === null ? { since: at(window === 'soon' ? 2_000 : -40_000), until } : { ...base.occurred, until: null },
    event: { ...base.event, name: name > 3 ? [] : [`n${name}`, 'n1'] },
  };
  const forced: Filter = {
    ...base,
    occurred: { since: at(-20_000), until: null },
    resource: { ...base.resource, id: ['r.1', 'r.2', 'r.3'] },
  };
  const isOverTime = countable === 'time' || countable === 'day';
  // Of days in seconds POST says that they are too many buckets.
  const unit = countable === 'day' ? 'hour' : rest.unit;
  const request = { ...rest, unit, countable, filter, lastMs, groupsMax: isOverTime ? null : groupsMax };
  return { request, filters: isForced ? [filter, forced] : [filter] };
}
