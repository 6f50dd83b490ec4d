/**
 * Reads history from ClickHouse for a feed: keyset pages by (occurred, id) of a range of seqs, so that each row is read
 * once however late it came. Each query is closed before its page is handed on (I5: a slow reader holds no query).
 */
import { timeKey } from '../../schemas/event.ts';
import type { AllFilters } from '../../schemas/filter.ts';
import { quickRead } from '../clickhouse/statements.ts';
import type { Store } from '../clickhouse/store.ts';
import { fromMicros, parseClickHouseTime, toMicros } from '../filter/time.ts';
import { pageSql, type StoredRange } from './page-sql.ts';
import type { Place } from './position.ts';
import { type HistoryRow, StoredRows } from './stored-rows.ts';

/** Rows to be written at once; each is valid until the next one. */
export interface HistorySlice extends Iterable<HistoryRow> {
  /** The place of its last row; to be asked before a row is framed. */
  readonly last: Place | null;
}

export interface HistoryPage {
  /** All rows in ClickHouse's order of (occurred, id). */
  readonly slices: readonly HistorySlice[];
  readonly rows: number;
  readonly bytes: number;
  /** Where the next page begins; null after the last one. */
  readonly next: Place | null;
  /** From the place behind which it begins to its last row; null for a first or an empty page. */
  readonly spanMicros: bigint | null;
}

/** What has surely not expired, and will not for a while. */
export interface Retained {
  /** The first such event; null if there is none. */
  readonly seq: number | null;
  /** Received since this time, as ClickHouse prints it. */
  readonly since: string;
}

export interface HistoryReader {
  /** The rows behind `from`; the first page for null. Rejects with a Failure. */
  byOccurred(
    filters: AllFilters,
    range: StoredRange,
    from: Place | null,
    max: HistoryPageMax,
    signal: AbortSignal,
  ): Promise<HistoryPage>;
  /** Asked at most once in a minute, whoever wants to know. Rejects with a Failure. */
  retained(): Promise<Retained>;
}

/** A page ends after `rows` rows, or behind the row that makes it larger than `bytes`. */
export interface HistoryPageMax {
  readonly rows: number;
  readonly bytes: number;
  /** How far behind its place the rows are likely to lie: what is beyond is not opened in vain. */
  readonly withinMicros?: bigint;
}

export interface HistoryOptions {
  readonly retentionDays: number;
  readonly elapsedMs: () => number;
}

/** What is written in one turn. */
const sliceBytesMin = 192 * 1024;
/**
 * One thread and small blocks: less is read in vain behind the last row, and the first page comes sooner (measured).
 */
const pageSettings = { ...quickRead, max_threads: 1, max_block_size: 2048 };
/** How long an answer about retention holds. It leaves out what expires within twice that time. */
const retainedMs = 60_000;

type HistoryStore = Pick<Store, 'lines' | 'blocks'>;

export function createHistoryReader(store: HistoryStore, options: HistoryOptions): HistoryReader {
  const { retentionDays, elapsedMs } = options;
  let retained: { readonly at: number; readonly answer: Promise<Retained> } | null = null;

  return {
    byOccurred(filters, range, from, max, signal) {
      const narrow =
        from === null || max.withinMicros === undefined ? null : endingSoon(filters, from, max.withinMicros);
      if (from === null || narrow === null) return readPage(store, filters, range, from, max, signal);
      return readNarrow(store, filters, narrow, range, from, max, signal);
    },

    async retained() {
      const now = elapsedMs();
      if (retained === null || now - retained.at >= retainedMs) {
        const asked = { at: now, answer: readRetained(store, retentionDays) };
        retained = asked;
        asked.answer.catch(() => {
          if (retained === asked) retained = null;
        });
      }
      return retained.answer;
    },
  };
}

/** Leaving the loop ends the query. */
async function readPage(
  store: HistoryStore,
  filters: AllFilters,
  range: StoredRange,
  from: Place | null,
  max: HistoryPageMax,
  signal: AbortSignal,
): Promise<HistoryPage> {
  const { sql, params } = pageSql({ columns: 'seq, id, occurred, raw', filters, range, from, rows: max.rows });
  const slices: StoredRows[] = [];
  let [rows, bytes] = [0, 0];
  const isFull = () => rows >= max.rows || bytes >= max.bytes;
  for await (const block of store.blocks(sql, params, { signal, settings: pageSettings })) {
    let slice = slices.at(-1);
    if (slice === undefined || slice.bytes >= sliceBytesMin) {
      slice = new StoredRows();
      slices.push(slice);
    }
    const taken = slice.add(block, max.rows - rows, max.bytes - bytes);
    rows += taken.rows;
    bytes += taken.bytes;
    if (bytes >= max.bytes) break;
  }
  const last = slices.at(-1)?.last ?? null;
  const spanMicros = from === null || last === null ? null : microsOf(last) - microsOf(from);
  return { slices, rows, bytes, next: isFull() ? last : null, spanMicros };
}

/** The rows of the narrow window, and those behind it where it held too few. */
async function readNarrow(
  store: HistoryStore,
  whole: AllFilters,
  narrow: AllFilters,
  range: StoredRange,
  from: Place,
  max: HistoryPageMax,
  signal: AbortSignal,
): Promise<HistoryPage> {
  const page = await readPage(store, narrow, range, from, max, signal);
  if (page.next !== null) return page;
  const rest = { ...max, rows: max.rows - page.rows, bytes: max.bytes - page.bytes };
  const more = await readPage(store, whole, range, page.slices.at(-1)?.last ?? from, rest, signal);
  return {
    slices: [...page.slices, ...more.slices],
    rows: page.rows + more.rows,
    bytes: page.bytes + more.bytes,
    next: more.next,
    spanMicros: page.spanMicros === null ? more.spanMicros : page.spanMicros + (more.spanMicros ?? 0n),
  };
}

async function readRetained(store: HistoryStore, retentionDays: number): Promise<Retained> {
  const since = `now64(6, 'UTC') - toIntervalDay({days:UInt32}) + toIntervalSecond({margin:UInt32})`;
  const sql = `SELECT count(), min(seq), ${since} AS since FROM events WHERE received >= since`;
  for await (const lines of store.lines(sql, { days: retentionDays, margin: (2 * retainedMs) / 1000 })) {
    const [count, seq, from = ''] = lines[0]?.split('\t') ?? [];
    return { seq: count === '0' ? null : Number(seq), since: from };
  }
  throw new Error('ClickHouse gave no row of an aggregate');
}

function microsOf({ occurred }: Place): bigint {
  return toMicros(parseClickHouseTime(occurred));
}

/** The filters with a window that ends so soon behind the place; null if it ends no later by itself. */
function endingSoon([filter, ...others]: AllFilters, from: Place, withinMicros: bigint): AllFilters | null {
  const { occurred } = filter;
  const until = fromMicros(microsOf(from) + withinMicros);
  if (until === null || (occurred.until !== null && timeKey(until) >= timeKey(occurred.until))) return null;
  return [{ ...filter, occurred: { ...occurred, until } }, ...others];
}
