/**
 * The first page and the total of events that are asked for by their ids: to find them is all the work.
 */
import type { AllFilters, Filter } from '../../schemas/filter.ts';
import { quickRead } from '../clickhouse/statements.ts';
import { insideWindow } from '../filter/parts/occurred.ts';
import { filterSql } from '../filter/sql.ts';
import { parseClickHouseTime, toMicros } from '../filter/time.ts';
import type { PageRow } from './make-page.ts';
import { columns, filtersOf, pageSql, type Reading, type Rows, rowsOptions } from './page-sql.ts';

/**
 * Reads the event with one id. There is nearly always one, so neither order nor number is asked for. A condition on a
 * wide window, or on the checkpoint, takes ClickHouse a millisecond: both are checked here. Several events have one id
 * if it was sent again with another time after it had left the id window (I11).
 */
export async function readOne(store: Rows, reading: Reading, signal: AbortSignal | undefined) {
  const { checkpoint } = reading;
  const filters = filtersOf(reading);
  const { where, whereAnyTime, params } = filterSql(filters);
  const found = await store.rows<PageRow & { readonly seq: string | number }>(
    `SELECT seq, ${columns} FROM events WHERE ${filters.every(isWide) ? whereAnyTime : where} LIMIT 2`,
    params,
    { ...rowsOptions(signal), settings: oneRead },
  );
  if (found.length > 1) return readCounted(store, reading, signal);
  const rows = found.filter(
    ({ seq, place }) => Number(seq) <= checkpoint && isInside(filters, parseClickHouseTime(place)),
  );
  return { total: rows.length, rows };
}

/**
 * The index of ids is read once, not by each reader of a part. Nothing is worth a second thread, or to be cached.
 */
const oneRead = { ...quickRead, max_threads: 1, use_skip_indexes_on_data_read: 0, use_query_condition_cache: 0 };

/**
 * As long as events are kept by default. A window that is no shorter leaves out hardly any part.
 */
const wideMicros = 7n * 86_400_000_000n;

function isInside(filters: AllFilters, time: string): boolean {
  return filters.every(({ occurred }) => insideWindow(occurred, time));
}

function isWide({ occurred: { since, until } }: Filter): boolean {
  return until !== null && toMicros(until) - toMicros(since) >= wideMicros;
}

/** Reads events of a few ids. To find them is all the work, so it is done once for rows and total. */
export async function readCounted(store: Rows, reading: Reading, signal: AbortSignal | undefined) {
  const { where, params } = filterSql(filtersOf(reading));
  const rows = await store.rows<PageRow & { readonly total: string | number }>(
    pageSql(reading, where, `${columns}, count() OVER () AS total`),
    { ...params, page_checkpoint: reading.checkpoint, page_limit: reading.limit },
    rowsOptions(signal),
  );
  return { total: Number(rows[0]?.total ?? 0), rows };
}
