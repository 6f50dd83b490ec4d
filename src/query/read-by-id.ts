/**
 * The first page and the total of events that are asked for by their ids: to find them is all the work.
 */
import { quickRead } from '../clickhouse/statements.ts';
import { insideWindow } from '../filter/parts/occurred.ts';
import { filterSql } from '../filter/sql.ts';
import { parseClickHouseTime, toMicros } from '../filter/time.ts';
import type { PageRow } from './make-page.ts';
import { columns, pageSql, type Reading, type Rows, rowsOptions } from './page-sql.ts';

/**
 * Reads the event with one id. There is nearly always one, so neither order nor number is asked for. A condition on a
 * wide window, or on the checkpoint, takes ClickHouse a millisecond: both are checked here. Several events have one id
 * if it was sent again with another time after it had left the id window (I11).
 */
export async function readOne(store: Rows, reading: Reading, signal: AbortSignal | undefined) {
  const { filter, checkpoint } = reading;
  const { where, whereAnyTime, params } = filterSql([filter]);
  const found = await store.rows<PageRow & { readonly seq: string | number }>(
    `SELECT seq, ${columns} FROM events WHERE ${isWide(filter.occurred) ? whereAnyTime : where} LIMIT 2`,
    params,
    { ...rowsOptions(signal), settings: oneRead },
  );
  if (found.length > 1) return readCounted(store, reading, signal);
  const rows = found.filter(
    ({ seq, place }) => Number(seq) <= checkpoint && insideWindow(filter.occurred, parseClickHouseTime(place)),
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

function isWide({ since, until }: Reading['filter']['occurred']): boolean {
  return until !== null && toMicros(until) - toMicros(since) >= wideMicros;
}

/** Reads events of a few ids. To find them is all the work, so it is done once for rows and total. */
export async function readCounted(store: Rows, reading: Reading, signal: AbortSignal | undefined) {
  const { where, params } = filterSql([reading.filter]);
  const rows = await store.rows<PageRow & { readonly total: string | number }>(
    pageSql(reading, where, `${columns}, count() OVER () AS total`),
    { ...params, page_checkpoint: reading.checkpoint, page_limit: reading.limit },
    rowsOptions(signal),
  );
  return { total: Number(rows[0]?.total ?? 0), rows };
}
