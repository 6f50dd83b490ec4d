/**
 * How a filter stands in a token: a small one as it is, a large one by its hash. So a link stays under 2 kB whatever
 * was asked. Large filters are kept in ClickHouse, for all gateways and over restarts, as long as events are. There is
 * a bound, beyond which the oldest go.
 */
import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import type { Filter } from '../../schemas/filter.ts';
import { Failure } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Counters } from '../base/metrics.ts';
import type { Store } from '../clickhouse/store.ts';
import { completeFilter } from '../filter/validate-filter.ts';
import type { KeptFilter, TokenState } from './page-token.ts';

/** How a filter stands in a token. */
export type TokenFilter = { readonly filter: Filter } | { readonly kept: KeptFilter };

export interface PageFilters {
  /**
   * What a token says of the filter; one that must be kept is in ClickHouse when this resolves. Rejects with a Failure
   * of the store.
   */
  hold(filter: Filter): Promise<TokenFilter>;
  /** The filter of a token. Rejects with Failure `pageFilterGone`, or one of the store. */
  filterOf(state: TokenState, signal?: AbortSignal): Promise<Filter>;
}

export interface PageFilterBounds {
  readonly filtersMax: number;
  readonly bytesMax: number;
}

/** Who hears of what happens behind the requests. */
export interface PageFilterWatch {
  readonly log: Pick<Log, 'warn' | 'info'>;
  readonly counters: Pick<Counters, 'pageFiltersKept' | 'pageFiltersDropped'>;
}

export interface PageFilterOptions {
  readonly isReplicated?: boolean;
  readonly bounds?: PageFilterBounds;
}

type FilterStore = Pick<Store, 'rows' | 'command' | 'insertValues'>;

/**
 * The deflated filter has no more bytes. With all else in a token, its signature and the longest public URL, a link
 * stays under 2,048 characters.
 */
const deflatedBytesMax = 850;
/** What deflate adds to bytes that it stores as they are. */
const blockHeadBytes = 5;
/** A longer text is not deflated to see: that costs time, and it would hardly shrink to so little. */
const triedCharactersMax = 16 * 1024;
export const pageFilterBounds: PageFilterBounds = { filtersMax: 10_000, bytesMax: 256 * 1024 * 1024 };
/** Bytes of one insert. What waits for it is bounded by the number of requests. */
const batchBytesMax = 8 * 1024 * 1024;
/** A filter that is used again and again is written again once in this time. */
const renewedAfterHours = 1;
/** The bounds are checked each time that a sixteenth of them was written. */
const part = 16;

export function createPageFilters(
  store: FilterStore,
  { log, counters }: PageFilterWatch,
  { isReplicated = false, bounds = pageFilterBounds }: PageFilterOptions = {},
): PageFilters {
  const write = batchWriter(store, { log, counters }, bounds);
  return {
    async hold(filter) {
      if (isSmall(filter)) return { filter };
      const { occurred, order, ...rest } = filter;
      const text = JSON.stringify(rest);
      const hash = hashOf(text);
      await write(hash, text);
      return { kept: { hash, occurred, order } };
    },
    async filterOf(state, signal) {
      if (!('kept' in state)) return completeFilter(state.filter);
      const { hash, occurred, order } = state.kept;
      const read = () => readKept(store, hash, signal);
      let text = await read();
      if (text === null && isReplicated) {
        // Another replica may have it: it was written before the token was given out.
        await store.command('SYSTEM SYNC REPLICA page_filters', {}, signal && { signal });
        text = await read();
      }
      // The token signs the hash: another text under it is not the filter.
      if (text === null || hashOf(text) !== hash) throw gone();
      const rest = JSON.parse(text) as Partial<Filter>; // `hold` wrote it
      return completeFilter({ occurred, ...rest, order });
    },
  };
}

async function readKept(store: FilterStore, hash: string, signal: AbortSignal | undefined): Promise<string | null> {
  const [found] = await store.rows<{ filter: string }>(
    'SELECT filter FROM page_filters WHERE hash = {page_filter:String} LIMIT 1',
    { page_filter: hash },
    signal && { signal },
  );
  return found?.filter ?? null;
}

function isSmall(filter: Filter): boolean {
  const text = JSON.stringify(filter);
  if (text.length > triedCharactersMax) return false;
  // Deflate adds no more than the head of a block, so most filters need not be tried.
  return (
    Buffer.byteLength(text) <= deflatedBytesMax - blockHeadBytes || deflateRawSync(text).length <= deflatedBytesMax
  );
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

function gone(): Failure {
  return new Failure(
    'pageFilterGone',
    'The filter behind this token is no longer kept: ask again with the filter itself.',
  );
}

type Kept = Readonly<Record<'hash' | 'filter', string>>;

interface Batch {
  readonly rows: Map<string, string>;
  bytes: number;
  readonly written: Promise<void>;
}

/** One insert at a time, for each makes a part of the table. What comes meanwhile goes together in the next. */
function batchWriter(store: FilterStore, watch: PageFilterWatch, bounds: PageFilterBounds) {
  let before: Promise<unknown> = Promise.resolve();
  let open: Batch | null = null;
  // As if all of the bounds had been written: the first batch after a start checks them.
  let unseen = { filters: bounds.filtersMax, bytes: bounds.bytesMax };

  async function insert(rows: ReadonlyMap<string, string>): Promise<void> {
    const values = await unknownOf(store, rows);
    if (values.length === 0) return;
    await store.insertValues('page_filters', values);
    watch.counters.pageFiltersKept += values.length;
    unseen.filters += values.length;
    unseen.bytes += values.reduce((sum, { filter }) => sum + filter.length, 0);
  }

  /** Only the next batch waits for it. */
  async function lookAfterBounds(): Promise<void> {
    if (unseen.filters * part < bounds.filtersMax && unseen.bytes * part < bounds.bytesMax) return;
    unseen = { filters: 0, bytes: 0 };
    await trim(store, watch, bounds).catch((error: unknown) =>
      watch.log.warn({ err: error }, 'old page filters stay for now'),
    );
  }

  function begin(): Batch {
    const rows = new Map<string, string>();
    const written = before.then(() => {
      if (open?.rows === rows) open = null;
      return insert(rows);
    });
    before = written.then(lookAfterBounds, () => undefined);
    return { rows, bytes: 0, written };
  }

  return (hash: string, text: string): Promise<void> => {
    if (open === null || open.bytes > batchBytesMax) open = begin();
    if (!open.rows.has(hash)) open.bytes += text.length;
    open.rows.set(hash, text);
    return open.written;
  };
}

/** The filters that are not there, or that were written long ago. */
async function unknownOf(store: FilterStore, rows: ReadonlyMap<string, string>): Promise<Kept[]> {
  const known = await store.rows<{ hash: string }>(
    `SELECT hash FROM page_filters WHERE hash IN ({page_filters:Array(String)})
      AND made > now64(6, 'UTC') - toIntervalHour(${renewedAfterHours})`,
    { page_filters: [...rows.keys()] },
  );
  const fresh = new Set(known.map(({ hash }) => hash));
  return [...rows].filter(([hash]) => !fresh.has(hash)).map(([hash, filter]) => ({ hash, filter }));
}

/** Lets the oldest go, so far below the bounds that they hold until the next check. */
async function trim(
  store: FilterStore,
  watch: PageFilterWatch,
  { filtersMax, bytesMax }: PageFilterBounds,
): Promise<void> {
  const keep = (bound: number) => Math.floor((bound * (part - 1)) / part);
  const [found] = await store.rows<{ rows: number; last: string }>(
    `WITH (SELECT max(made) FROM (
       SELECT made, sum(bytes) OVER newer AS sum_bytes, row_number() OVER newer AS place FROM page_filters
       WINDOW newer AS (ORDER BY made DESC, hash ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))
       WHERE sum_bytes > {page_bytes:UInt64} OR place > {page_rows:UInt64}) AS cut
     SELECT count() AS rows, toString(max(made)) AS last FROM page_filters WHERE made <= cut`,
    { page_bytes: keep(bytesMax), page_rows: keep(filtersMax) },
  );
  if (found === undefined || Number(found.rows) === 0) return;
  await store.command("DELETE FROM page_filters WHERE made <= {page_last:DateTime64(6, 'UTC')}", {
    page_last: found.last,
  });
  watch.counters.pageFiltersDropped += Number(found.rows);
  watch.log.info({ filters: Number(found.rows) }, 'the oldest page filters have left: there is room for so many only');
}
