/**
 * Reads events page by page. The total and every page are as of the first page's checkpoint, and each page goes on
 * behind the last event given. So events that arrive meanwhile shift nothing, and are in no page (I7).
 */
import type { Page, PageRequest } from '../../schemas/page.ts';
import type { ReadScope } from '../../schemas/read-scope.ts';
import { Failure } from '../base/errors.ts';
import type { SigningKeys } from '../base/keys.ts';
import type { Store } from '../clickhouse/store.ts';
import { asksForTimeOnly } from './count-plan.ts';
import { makePage, type PageRow } from './make-page.ts';
import type { PageFilters } from './page-filters.ts';
import { filtersOf, type Reading, type Rows } from './page-sql.ts';
import { openToken } from './page-token.ts';
import { readCounted, readOne } from './read-by-id.ts';
import { readDistinct } from './read-distinct.ts';
import { readGuessed, readRows, readTotal, readWindow } from './read-rows.ts';

export interface PageParts {
  readonly store: Pick<Store, 'rows'>;
  readonly keys: SigningKeys;
  readonly filters: PageFilters;
  /** The seq up to which all is in ClickHouse. */
  readonly checkpoint: () => number;
}

/** If there are more ids, the total is counted apart: their texts need not all be read for one page. */
const idsMax = 100;
/**
 * The guess for a window alone: that it holds this many pages. If it holds no less, the first page is found at once.
 */
const pagesGuessed = 1000;
/**
 * The guess for other filters. The total takes longer meanwhile, so the guess costs no time.
 */
const pagesGuessedOfFilter = 64;

/**
 * The first page and the total, in at most four statements, of which two run at once. Rejects with a Failure of the
 * store.
 */
export async function readFirstPage(
  parts: PageParts,
  request: PageRequest,
  { seal, forced }: ReadScope,
  signal?: AbortSignal,
): Promise<Page> {
  const { filter, limit } = request;
  const checkpoint = parts.checkpoint();
  const reading = { filter, forced, limit, checkpoint, after: null };
  const { total, rows } = await (filter.resource.distinct
    ? readDistinct(parts.store, reading, signal)
    : readBoth(parts.store, reading, signal));
  const state = { filter, limit, total, remaining: total, checkpoint, after: null };
  return makePage({ keys: parts.keys, seal }, state, rows, () => parts.filters.hold(filter));
}

/**
 * The page that a token asks for. Rejects with Failure `forbidden` for a token that is not this reader's,
 * `pageFilterGone`, or a Failure of the store.
 */
export async function readNextPage(
  parts: PageParts,
  token: string,
  { seal, forced }: ReadScope,
  signal?: AbortSignal,
): Promise<Page> {
  const opened = openToken(parts.keys, seal, token);
  const filter = await parts.filters.filterOf(opened, signal);
  const state = { ...opened, filter };
  const rows = await readRows(parts.store, { ...state, forced }, signal);
  return makePage({ keys: parts.keys, seal }, state, rows, () =>
    'kept' in opened ? { kept: opened.kept } : parts.filters.hold(filter),
  );
}

async function readBoth(store: Rows, reading: Reading, signal: AbortSignal | undefined) {
  const ids = reading.filter.id.length;
  if (ids === 1 && reading.limit > 0) return readOne(store, reading, signal);
  if (ids > 0 && ids <= idsMax && reading.limit > 0) return readCounted(store, reading, signal);
  if (asksForTimeOnly(filtersOf(reading))) {
    // The total costs nothing, so it is not waited for.
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
  // The total says where the rows are likely to be. If that is within the first guess, they are not: the whole is read.
  const rows =
    total > guessed ? readWindow(store, reading, signal) : readRows(store, { ...reading, remaining: total }, signal);
  return { total, rows: await rows };
}

/** Both, or neither: if one fails, the other ends. */
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

/** A guess is not worth a wait: if all slots are taken, the total goes first. */
function unlessBusy(error: unknown): readonly PageRow[] {
  if (error instanceof Failure && error.failure === 'tooManyQueries') return [];
  throw error;
}
