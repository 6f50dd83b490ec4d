/**
 * The rows of a page, from as small a window as is likely to hold them; and how many the whole window holds.
 */
import { quickRead } from '../clickhouse/statements.ts';
import { filterSql } from '../filter/sql.ts';
import { asksForTimeOnly } from './count-plan.ts';
import type { PageRow } from './make-page.ts';
import { narrowWindow } from './narrow-window.ts';
import { afterParams, filtersOf, pageSql, type Reading, type Rows, type RowsReading, rowsOptions } from './page-sql.ts';
import { readDistinct } from './read-distinct.ts';

export async function readRows(
  store: Rows,
  reading: RowsReading,
  signal: AbortSignal | undefined,
): Promise<readonly PageRow[]> {
  if (reading.limit === 0) return [];
  if (reading.filter.resource.distinct) return (await readDistinct(store, reading, signal)).rows;
  const found = await readGuessed(store, reading, signal);
  return found.length === reading.limit ? found : readWindow(store, reading, signal);
}

/** The rows of the window in which a page's rows are likely to be; none if there is no guess. */
export async function readGuessed(
  store: Rows,
  reading: RowsReading,
  signal: AbortSignal | undefined,
  waitMs?: number,
): Promise<readonly PageRow[]> {
  const filter = reading.limit === 0 ? null : narrowWindow(reading);
  return filter === null ? [] : readWindow(store, { ...reading, filter }, signal, waitMs);
}

export function readWindow(
  store: Rows,
  reading: Reading,
  signal: AbortSignal | undefined,
  waitMs?: number,
): Promise<PageRow[]> {
  const { where, params } = filterSql(filtersOf(reading));
  return store.rows<PageRow>(
    pageSql(reading, where),
    { ...params, page_checkpoint: reading.checkpoint, page_limit: reading.limit, ...afterParams(reading.after) },
    { ...rowsOptions(signal), ...(waitMs !== undefined && { waitMs }) },
  );
}

export async function readTotal(store: Rows, reading: Reading, signal: AbortSignal | undefined): Promise<number> {
  const filters = filtersOf(reading);
  const { where, params } = filterSql(filters);
  // Without a seq term the first count can come from the index alone, and the second reads only the newest rows;
  // both must see one snapshot.
  const sql = `SELECT sum(part) AS total FROM (
      SELECT toInt64(count()) AS part FROM events WHERE (${where})
      UNION ALL
      SELECT -toInt64(count()) AS part FROM events WHERE (${where}) AND seq > {page_checkpoint:UInt64})`;
  const rows = await store.rows<{ total: string | number }>(
    sql,
    { ...params, page_checkpoint: reading.checkpoint },
    {
      settings: {
        ...quickRead,
        enable_shared_storage_snapshot_in_query: 1,
        // For a window alone ClickHouse knows how many rows whole parts and marks hold.
        optimize_use_projections: asksForTimeOnly(filters) ? 1 : 0,
      },
      ...(signal && { signal }),
    },
  );
  return Number(rows[0]?.total ?? 0);
}
