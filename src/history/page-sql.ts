/** The statement of one page of history: the rows behind a place, in the order of (occurred, id). */
import type { AllFilters } from '../../schemas/filter.ts';
import { filterSql } from '../filter/sql.ts';
import type { Place } from './position.ts';

/** Rows with seq in (after, checkpoint]. */
export interface StoredRange {
  readonly after: number;
  readonly checkpoint: number;
}

export interface PageAsked {
  readonly columns: string;
  readonly filters: AllFilters;
  readonly range: StoredRange;
  /** Null for the first page. */
  readonly from: Place | null;
  readonly rows: number;
}

export function pageSql({ columns, filters, range: { after, checkpoint }, from, rows }: PageAsked): {
  readonly sql: string;
  readonly params: Record<string, unknown>;
} {
  const { where, params: values } = filterSql(filters);
  const place = `({from_occurred:DateTime64(6,'UTC')}, {from_id:UUID})`;
  const behind = `AND occurred >= {from_occurred:DateTime64(6,'UTC')} AND (occurred, id) > ${place}`;
  const above = after === 0 ? '' : 'AND seq > {after:UInt64}';
  const sql = `SELECT ${columns} FROM events
    WHERE ${where} AND seq <= {checkpoint:UInt64} ${above} ${from ? behind : ''}
    ORDER BY occurred, id LIMIT {page_rows:UInt32}`;
  const params = {
    ...values,
    checkpoint,
    ...(after === 0 ? {} : { after }),
    page_rows: rows,
    ...(from && { from_occurred: from.occurred, from_id: from.id }),
  };
  return { sql, params };
}
