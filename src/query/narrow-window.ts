/**
 * A page wants the first few events of a window that may hold millions: where they lie if the events are spread evenly
 * is a guess that saves ClickHouse from opening every part of the table. Whoever asks within it and gets too few asks
 * the whole window.
 */
import type { Filter } from '../../schemas/filter.ts';
import { fromMicros, parseClickHouseTime, toMicros } from '../filter/time.ts';
import type { PagePosition } from './page-token.ts';

/** So many times the span in which a page's events would lie on average. */
const slack = 4;
/** Below it the whole window costs hardly more, and never asks twice. */
const gainMin = 4;

export interface Wanted {
  readonly filter: Filter;
  readonly limit: number;
  /** Events of the window that are behind `after`, or all. */
  readonly remaining: number;
  readonly after: PagePosition | null;
}

/**
 * The filter with a window that begins, in its order, where the whole one does; null where the guess is not worth it.
 * The first page of oldest events is never narrowed: by default its window begins half a year before the first event.
 */
export function narrowWindow({ filter, limit, remaining, after }: Wanted): Filter | null {
  const { order, occurred } = filter;
  if (remaining < limit * slack * gainMin || occurred.until === null || (order === 'ASC' && after === null))
    return null;
  const since = toMicros(occurred.since);
  const until = toMicros(occurred.until);
  const begin = after === null ? until : toMicros(parseClickHouseTime(after.occurred));
  const whole = order === 'ASC' ? until - begin : begin - since;
  if (whole <= 0n) return null;
  const span = (whole * BigInt(limit * slack)) / BigInt(remaining);
  const end = fromMicros(order === 'ASC' ? begin + span : begin - span);
  if (end === null) return null;
  const narrow = order === 'ASC' ? { ...occurred, until: end } : { ...occurred, since: end };
  return { ...filter, occurred: narrow };
}
