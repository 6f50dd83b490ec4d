/**
 * Reads events page by page: the total and every page are as of the first page's checkpoint, and go on from the last
 * event given, so that events which arrive meanwhile shift nothing and are in neither (I7).
 */
import type { Page, PageRequest } from '../../schemas/page.ts';
import { Failure } from '../base/errors.ts';
import type { SigningKeys } from '../base/keys.ts';
import { quickRead } from '../clickhouse/statements.ts';
import type { QueryOptions, Store } from '../clickhouse/store.ts';
import { insideWindow } from '../filter/parts/occurred.ts';
import { filterSql } from '../filter/sql.ts';
import { parseClickHouseTime, toMicros } from '../filter/time.ts';
import { asksForTimeOnly } from './count-plan.ts';
import { makePage, type PageRow } from './make-page.ts';
import { narrowWindow } from './narrow-window.ts';
import type { PageFilters } from './page-filters.ts';
import { openToken, type PagePosition, type PageState } from './page-token.ts';

export interface PageParts {
  readonly store: Pick<Store, 'rows'>;
  readonly keys: SigningKeys;
  readonly filters: PageFilters;
  /** The seq up to which all is in ClickHouse. */
  readonly checkpoint: () => number;
}

/** More of them are counted apart: their texts need not all be read for one page. */
const idsMax = 100;
/** Of a window that holds no less, the first page is found at once. */
const pagesGuessed = 1000;
/**
 * The same where the filter asks for more than a time: what the guess costs is hidden behind the total, which takes
 * longer.
 */
const pagesGuessedOfFilter = 64;

/**
 * As long as events are kept by default: where they are kept longer, the index of ids goes through every part, as it
 * does without a window.
 */
const wideMicros = 7n * 86_400_000_000n;

/**
 * The first page and the total, in at most four statements, of which two run at once. Rejects with a Failure of the
 * store.
 */
export async function readFirstPage(parts: PageParts, request: PageRequest, signal?: AbortSignal): Promise<Page> {
  const { filter, limit } = request;
  const checkpoint = parts.checkpoint();
  const reading = { filter, limit, checkpoint, after: null };
  const { total, rows } = await (filter.resource.distinct
    ? readDistinct(parts.store, reading, signal)
    : readBoth(parts.store, reading, signal));
  const state = { filter, limit, total, remaining: total, checkpoint, after: null };
  return makePage(parts.keys, state, rows, () => parts.filters.hold(filter));
}

/**
 * The page that a token asks for. Rejects with Failure `forbidden` for a token that is not ours, `pageFilterGone`, or a
 * Failure of the store.
 */
export async function readNextPage(parts: PageParts, token: string, signal?: AbortSignal): Promise<Page> {
  const opened = openToken(parts.keys, token);
  const filter = await parts.filters.filterOf(opened, signal);
  const state = { ...opened, filter };
  const rows = await readRows(parts.store, state, signal);
  return makePage(parts.keys, state, rows, () =>
    'kept' in opened ? { kept: opened.kept } : parts.filters.hold(filter),
  );
}

type Rows = Pick<Store, 'rows'>;

async function readBoth(store: Rows, reading: Reading, signal: AbortSignal | undefined) {
  const ids = reading.filter.id.length;
  if (ids === 1 && reading.limit > 0) return readOne(store, reading, signal);
  if (ids > 0 && ids <= idsMax && reading.limit > 0) return readCounted(store, reading, signal);
  if (asksForTimeOnly(reading.filter)) {
    // The total costs nothing, so there is nothing to be learned from it.
    const guess = { ...reading, remaining: reading.limit * pagesGuessed };
    const [total, rows] = await together(signal, (both) => [
      readTotal(store, reading, both),
      readRows(store, guess, both),
    ]);
    return { total, rows };
  }
  const guessed = reading.limit * pagesGuessedOfFilter;
  const [total, found] = await together(signal, (both) => [
    readTotal(store, reading, both),
    readGuessed(store, { ...reading, remaining: guessed }, both, 0).catch(unlessBusy),
  ]);
  if (found.length === reading.limit || found.length === total) return { total, rows: found };
  // The total says where the others are likely to be, but for a place within that where they were not.
  const rows =
    total > guessed ? readWindow(store, reading, signal) : readRows(store, { ...reading, remaining: total }, signal);
  return { total, rows: await rows };
}

/** Both, or neither: who fails ends the other. */
async function together<One, Other>(
  signal: AbortSignal | undefined,
  run: (both: AbortSignal) => [Promise<One>, Promise<Other>],
): Promise<[One, Other]> {
  const both = new AbortController();
  const abort = (): void => both.abort(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.all(run(both.signal));
  } catch (error) {
    both.abort(error);
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** A guess is not worth a wait: where all slots are taken the total goes first. */
function unlessBusy(error: unknown): readonly PageRow[] {
  if (error instanceof Failure && error.failure === 'tooManyQueries') return [];
  throw error;
}

/**
 * Of one id, which nearly always one event has: neither order nor number is to be asked for. A term of a wide window,
 * or of the checkpoint, takes ClickHouse a millisecond: whether the event is within is seen here. Several events have
 * it where an id was sent again with another time after it had left the id window (I11).
 */
async function readOne(store: Rows, reading: Reading, signal: AbortSignal | undefined) {
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
 * The index of ids is gone through at once, not by each reader of a part; nothing is worth a second thread, or
 * remembering.
 */
const oneRead = { ...quickRead, max_threads: 1, use_skip_indexes_on_data_read: 0, use_query_condition_cache: 0 };

function isWide({ since, until }: Reading['filter']['occurred']): boolean {
  return until !== null && toMicros(until) - toMicros(since) >= wideMicros;
}

/** Of a few ids: to find them is all the work, so it is done once for rows and total. */
async function readCounted(store: Rows, reading: Reading, signal: AbortSignal | undefined) {
  const { where, params } = filterSql([reading.filter]);
  const rows = await store.rows<PageRow & { readonly total: string | number }>(
    pageSql(reading, where, `${columns}, count() OVER () AS total`),
    { ...params, page_checkpoint: reading.checkpoint, page_limit: reading.limit },
    rowsOptions(signal),
  );
  return { total: Number(rows[0]?.total ?? 0), rows };
}

async function readTotal(
  store: Rows,
  { filter, checkpoint }: Reading,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { where, params } = filterSql([filter]);
  // Without a seq term the first count can come from the index alone, and the second reads only the newest rows;
  // both must see one snapshot.
  const sql = `SELECT sum(part) AS total FROM (
      SELECT toInt64(count()) AS part FROM events WHERE (${where})
      UNION ALL
      SELECT -toInt64(count()) AS part FROM events WHERE (${where}) AND seq > {page_checkpoint:UInt64})`;
  const rows = await store.rows<{ total: string | number }>(
    sql,
    { ...params, page_checkpoint: checkpoint },
    {
      settings: {
        ...quickRead,
        enable_shared_storage_snapshot_in_query: 1,
        // Of a window alone ClickHouse knows how many rows whole parts and marks hold.
        optimize_use_projections: asksForTimeOnly(filter) ? 1 : 0,
      },
      ...(signal && { signal }),
    },
  );
  return Number(rows[0]?.total ?? 0);
}

function rowsOptions(signal: AbortSignal | undefined): QueryOptions {
  return { settings: quickRead, ...(signal && { signal }) };
}

type Reading = Pick<PageState, 'filter' | 'limit' | 'checkpoint' | 'after'>;
type RowsReading = Reading & Pick<PageState, 'remaining'>;

async function readRows(
  store: Rows,
  reading: RowsReading,
  signal: AbortSignal | undefined,
): Promise<readonly PageRow[]> {
  if (reading.limit === 0) return [];
  if (reading.filter.resource.distinct) return (await readDistinct(store, reading, signal)).rows;
  const found = await readGuessed(store, reading, signal);
  return found.length === reading.limit ? found : readWindow(store, reading, signal);
}

/** What the window holds in which a page's rows are likely to be; nothing where there is no guess. */
async function readGuessed(
  store: Rows,
  reading: RowsReading,
  signal: AbortSignal | undefined,
  waitMs?: number,
): Promise<readonly PageRow[]> {
  const filter = reading.limit === 0 ? null : narrowWindow(reading);
  return filter === null ? [] : readWindow(store, { ...reading, filter }, signal, waitMs);
}

function readWindow(
  store: Rows,
  reading: Reading,
  signal: AbortSignal | undefined,
  waitMs?: number,
): Promise<PageRow[]> {
  const { where, params } = filterSql([reading.filter]);
  return store.rows<PageRow>(
    pageSql(reading, where),
    { ...params, page_checkpoint: reading.checkpoint, page_limit: reading.limit, ...afterParams(reading.after) },
    { ...rowsOptions(signal), ...(waitMs !== undefined && { waitMs }) },
  );
}

const columns = 'toString(occurred) AS place, toString(id) AS place_id, raw';
const placeAfter = "({page_after:DateTime64(6, 'UTC')}, {page_after_id:UUID})";

function pageSql({ filter, after }: Reading, where: string, selected = columns): string {
  const direction = filter.order;
  const behind = direction === 'DESC' ? '<' : '>';
  // The plain comparison of occurred is what prunes; the tuple alone costs twice as much (measured).
  const keyset = `occurred ${behind}= {page_after:DateTime64(6, 'UTC')} AND (occurred, id) ${behind} ${placeAfter}`;
  return `SELECT ${selected} FROM events
    WHERE (${where}) AND seq <= {page_checkpoint:UInt64}${after ? ` AND ${keyset}` : ''}
    ORDER BY occurred ${direction}, id ${direction} LIMIT {page_limit:UInt64}`;
}

interface DistinctPlace {
  readonly place_occurred: string;
  readonly place_id: string;
  readonly total: string | number;
}

/**
 * One place for each resource, the same on every page, for it is as of the checkpoint. The events are read once,
 * without their texts, for the places and their number; then the texts of these places alone. `total` is of what is
 * behind `after`.
 */
async function readDistinct(
  store: Rows,
  reading: Reading,
  signal: AbortSignal | undefined,
): Promise<{ total: number; rows: PageRow[] }> {
  const { filter, checkpoint, limit, after } = reading;
  const { order } = filter;
  const { where, params } = filterSql([filter]);
  const options = rowsOptions(signal);
  const places = await store.rows<DistinctPlace>(
    `SELECT toString(place.1) AS place_occurred, toString(place.2) AS place_id, count() OVER () AS total FROM (
       SELECT ${order === 'DESC' ? 'max' : 'min'}((occurred, id)) AS place FROM events
       WHERE (${where}) AND seq <= {page_checkpoint:UInt64} GROUP BY resource_id)
     ${after ? `WHERE place ${order === 'DESC' ? '<' : '>'} ${placeAfter}` : ''}
     ORDER BY place ${order} LIMIT {page_limit:UInt64}`,
    // The number wants a row to stand in.
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

function afterParams(after: PagePosition | null): Record<string, string> {
  return after ? { page_after: after.occurred, page_after_id: after.id } : {};
}
