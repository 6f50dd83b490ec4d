/**
 * All events that fit a filter as lines of JSON, as of one checkpoint (I7). They are read in pages from ClickHouse.
 * Each query is closed before its lines are taken, and the next page is read meanwhile: two pages are held, however
 * many there are.
 */
import type { AllFilters, Filter } from '../../schemas/filter.ts';
import type { ReadScope } from '../../schemas/read-scope.ts';
import { Failure } from '../base/errors.ts';
import type { SigningKeys } from '../base/keys.ts';
import type { QuerySlots } from '../clickhouse/query-slots.ts';
import type { PageFilters } from './page-filters.ts';
import { openToken, type PagePosition, sealToken } from './page-token.ts';

export type ExportRequest =
  | { readonly filter: Filter }
  /** To go on behind an event of an earlier answer, by its own `occurred` and `id`. */
  | { readonly token: string; readonly after: { readonly occurred: string; readonly id: string } };

export interface EventExport {
  /** What a later request names to go on. */
  readonly token: string;
  readonly lines: AsyncIterable<Uint8Array>;
}

/** Lines of a page, as they go out. */
interface Page {
  readonly blocks: readonly Uint8Array[];
  readonly rows: number;
  readonly bytes: number;
  readonly next: PagePosition | null;
}

export interface ExportParts {
  readonly readTexts: (
    filters: AllFilters,
    range: { readonly after: number; readonly checkpoint: number },
    from: PagePosition | null,
    max: { readonly rows: number; readonly bytes: number },
    signal: AbortSignal,
  ) => Promise<Page>;
  /** How many exports run at once. */
  readonly slots: QuerySlots;
  readonly keys: SigningKeys;
  readonly filters: PageFilters;
  readonly checkpoint: () => number;
  /** Null if it is no place of an event. */
  readonly parsePlace: (occurred: string, id: string) => PagePosition | null;
}

const firstRows = 256;
const rowsMax = 16_384;
/** Each page costs the engine some milliseconds: in pages of 2 MB an event costs it three times as much (measured). */
const pageBytes = 6 * 1024 * 1024;
const pageBytesMax = 8 * 1024 * 1024;
const slotWaitMs = 1_000;

/**
 * Resolves with the first page read. Rejects with a Failure of the store, `tooManyQueries`, `forbidden`,
 * `pageFilterGone`, or `badFilter`.
 */
export async function exportEvents(
  parts: ExportParts,
  request: ExportRequest,
  { seal, forced }: ReadScope,
  signal: AbortSignal,
): Promise<EventExport> {
  const { filter, checkpoint, after } = await placeOf(parts, request, seal, signal);
  const held = await parts.filters.hold(filter);
  const token = sealToken(parts.keys, seal, { ...held, limit: 0, total: 0, remaining: 0, checkpoint, after: null });
  const read = (from: PagePosition | null, rows: number): Promise<Page> =>
    parts.readTexts([filter, ...forced], { after: 0, checkpoint }, from, { rows, bytes: pageBytesMax }, signal);
  const giveBack = await parts.slots.take(slotWaitMs, signal);
  const release = (): void => {
    signal.removeEventListener('abort', release);
    giveBack();
  };
  // Whoever leaves before the first line never runs the loop that would release it.
  signal.addEventListener('abort', release, { once: true });
  try {
    const first = await read(after, firstRows);
    return { token, lines: linesOf(first, read, release) };
  } catch (error) {
    release();
    throw error;
  }
}

async function placeOf(
  { keys, filters, checkpoint, parsePlace }: ExportParts,
  request: ExportRequest,
  seal: string,
  signal: AbortSignal,
) {
  if ('filter' in request) {
    return { filter: { ...request.filter, order: 'ASC' as const }, checkpoint: checkpoint(), after: null };
  }
  const state = openToken(keys, seal, request.token);
  const after = parsePlace(request.after.occurred, request.after.id);
  if (after === null) throw new Failure('badFilter', 'Invalid after: it wants occurred and id of an exported event');
  return { filter: await filters.filterOf(state, signal), checkpoint: state.checkpoint, after };
}

async function* linesOf(
  first: Page,
  read: (from: PagePosition, rows: number) => Promise<Page>,
  release: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    for (let page: Page | null = first; page !== null; ) {
      const { blocks, rows, bytes, next: from }: Page = page;
      const rowsNext = Math.min(rowsMax, Math.max(16, Math.round((rows * pageBytes) / Math.max(1, bytes))));
      const next: Promise<Page> | null = from === null ? null : read(from, rowsNext);
      // A failure is heard when the page is waited for, below.
      next?.catch(() => undefined);
      yield* blocks;
      page = await next;
    }
  } finally {
    release();
  }
}
