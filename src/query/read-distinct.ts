/**
 * Pages with one event of each resource.
 */
import { filterSql } from '../filter/sql.ts';
import type { PageRow } from './make-page.ts';
import { afterParams, columns, filtersOf, placeAfter, type Reading, type Rows, rowsOptions } from './page-sql.ts';

interface DistinctPlace {
  readonly place_occurred: string;
  readonly place_id: string;
  readonly total: string | number;
}

/**
 * Each resource has one place, the same on every page, for it is as of the checkpoint. One statement finds the places
 * and their number, without texts; another reads the texts at these places. `total` counts what is behind `after`.
 */
export async function readDistinct(
  store: Rows,
  reading: Reading,
  signal: AbortSignal | undefined,
): Promise<{ total: number; rows: PageRow[] }> {
  const { filter, checkpoint, limit, after } = reading;
  const { order } = filter;
  const { where, params } = filterSql(filtersOf(reading));
  const options = rowsOptions(signal);
  const places = await store.rows<DistinctPlace>(
    `SELECT toString(place.1) AS place_occurred, toString(place.2) AS place_id, count() OVER () AS total FROM (
       SELECT ${order === 'DESC' ? 'max' : 'min'}((occurred, id)) AS place FROM events
       WHERE (${where}) AND seq <= {page_checkpoint:UInt64} GROUP BY resource_id)
     ${after ? `WHERE place ${order === 'DESC' ? '<' : '>'} ${placeAfter}` : ''}
     ORDER BY place ${order} LIMIT {page_limit:UInt64}`,
    // The number stands in a row, so there must be one.
    { ...params, page_checkpoint: checkpoint, page_limit: Math.max(1, limit), ...afterParams(after) },
    options,
  );
  const total = Number(places[0]?.total ?? 0);
  if (limit === 0 || places.length === 0) return { total, rows: [] };
  const rows = await store.rows<PageRow>(
    `SELECT ${columns} FROM events WHERE (occurred, id) IN (
       SELECT arrayJoin(arrayZip({page_times:Array(DateTime64(6, 'UTC'))}, {page_ids:Array(UUID)})))
     AND seq <= {page_checkpoint:UInt64} ORDER BY occurred ${order}, id ${order}`,
    {
      page_times: places.map(({ place_occurred }) => place_occurred),
      page_ids: places.map(({ place_id }) => place_id),
      page_checkpoint: checkpoint,
    },
    options,
  );
  return { total, rows };
}
