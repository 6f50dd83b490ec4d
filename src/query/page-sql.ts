/**
 * What the statements of a page have in common: columns, keyset, order, and the parameters of all but the filter.
 */
import type { AllFilters, Filter } from '../../schemas/filter.ts';
import { quickRead } from '../clickhouse/statements.ts';
import type { QueryOptions, Store } from '../clickhouse/store.ts';
import type { PagePosition, PageState } from './page-token.ts';

export type Rows = Pick<Store, 'rows'>;

export interface Reading extends Pick<PageState, 'filter' | 'limit' | 'checkpoint' | 'after'> {
  /** What all rows must fit besides. */
  readonly forced: readonly Filter[];
}
export type RowsReading = Reading & Pick<PageState, 'remaining'>;

export function filtersOf({ filter, forced }: Pick<Reading, 'filter' | 'forced'>): AllFilters {
  return [filter, ...forced];
}

export const columns = 'toString(occurred) AS place, toString(id) AS place_id, raw';
export const placeAfter = "({page_after:DateTime64(6, 'UTC')}, {page_after_id:UUID})";

export function pageSql({ filter, after }: Reading, where: string, selected = columns): string {
  const direction = filter.order;
  const behind = direction === 'DESC' ? '<' : '>';
  // The plain comparison of occurred is what prunes; the tuple alone costs twice as much (measured).
  const keyset = `occurred ${behind}= {page_after:DateTime64(6, 'UTC')} AND (occurred, id) ${behind} ${placeAfter}`;
  return `SELECT ${selected} FROM events
    WHERE (${where}) AND seq <= {page_checkpoint:UInt64}${after ? ` AND ${keyset}` : ''}
    ORDER BY occurred ${direction}, id ${direction} LIMIT {page_limit:UInt64}`;
}

export function afterParams(after: PagePosition | null): Record<string, string> {
  return after ? { page_after: after.occurred, page_after_id: after.id } : {};
}

export function rowsOptions(signal: AbortSignal | undefined): QueryOptions {
  return { settings: quickRead, ...(signal && { signal }) };
}
