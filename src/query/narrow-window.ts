/**
 * A page wants the first few events of a window that may hold millions. If events are spread evenly, it can be told
 * where these lie. That guess saves ClickHouse from opening every part of the table. If it holds too few, the whole
 * window is asked.
 */
import type { Filter } from '../../schemas/filter.ts';
import { fromMicros, parseClickHouseTime, toMicros } from '../filter/time.ts';
import type { PagePosition } from './page-token.ts';

/** The guess is this many times the span in which a page's events would lie on average. */
const slack = 4;
/**
 * If the guess is not this many times smaller, the whole window is asked: it costs hardly more, and never asks twice.
 */
const gainMin = 4;

export interface Wanted {
  readonly filter: Filter;
  readonly limit: number;
  /** How many events of the window are behind `after`; all, if it is null. */
  readonly remaining: number;
  readonly after: PagePosition | null;
}

/**
 * The filter with a shorter window that begins, in its order, where the whole one does; null if the guess is not worth
 * it. The first page of oldest events is never narrowed: by default its window begins half a year before any event.
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
