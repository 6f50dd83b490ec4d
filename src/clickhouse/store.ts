/**
 * The one door to ClickHouse: typed statements with deadlines, a bounded number of queries at once, and a status that
 * says whether it serves. The store may be down at any time, at the start too (I9): then calls reject at once.
 */
import type { Observable } from 'rxjs';
import { type ConnectionOptions, StoreConnection, type StoreStatus } from './connection.ts';
import type { FoundLayout } from './layout.ts';
import { type QueryOptions, SlottedStatements, type StatementKind } from './slotted-statements.ts';
import { linesOf } from './split-lines.ts';
import { runInsert, runInsertValues, runRows, runStatement, type SmallTable } from './statements.ts';
import type { RowsRefused } from './store-error.ts';

export type { StorePhase, StoreStatus } from './connection.ts';
export type { QueryOptions, StatementKind } from './slotted-statements.ts';
export { RowsRefused } from './store-error.ts';

/**
 * All statements reject with a Failure: storeUnavailable, storeRefused, queryTimedOut, queryTooLarge, tooManyQueries,
 * internal.
 */
export interface Store {
  /** How many were sent so far, inserts apart. */
  readonly statements: Readonly<Record<StatementKind, number>>;
  readonly status: StoreStatus;
  /** Replays the current status. */
  readonly status$: Observable<StoreStatus>;
  /** How its tables lie; throws storeUnavailable or storeRefused while it is not ready. */
  readonly layout: FoundLayout;
  /** Resolves when the store is ready; rejects when the signal aborts or the store is closed. */
  whenReady(signal?: AbortSignal): Promise<void>;
  /** The rows of a read as objects; 64-bit integers come as numbers, exact up to 2^53. Without FORMAT in `sql`. */
  rows<Row>(sql: string, params: Record<string, unknown>, options?: QueryOptions): Promise<Row[]>;
  /**
   * As `rows`, as the text of JSON objects with a comma behind each, in pieces as they come. The query
   * holds its slot until the last one was taken, so no more than half of the slots are for these. Leaving the loop
   * ends it.
   */
  jsonRows(sql: string, params: Record<string, unknown>, options?: QueryOptions): AsyncIterable<Buffer>;
  /**
   * For feeds: the lines of a read as TSVRaw, in batches, in slots apart from those of `rows`. Without FORMAT in `sql`.
   * Leaving the loop ends the query.
   */
  lines(sql: string, params: Record<string, unknown>, options?: QueryOptions): AsyncIterable<string[]>;
  /** As `lines`, as bytes: blocks of whole lines, each line with its newline. */
  blocks(sql: string, params: Record<string, unknown>, options?: QueryOptions): AsyncIterable<Buffer>;
  command(sql: string, params?: Record<string, unknown>, options?: QueryOptions): Promise<void>;
  /**
   * Inserts rows of events (`seq, id, received, occurred, head, search, raw` as TSVRaw), all of one UTC day of
   * `received`. Sent again with the same token it adds nothing. Rejects with RowsRefused if the content is refused.
   */
  insertRows(body: Buffer, token: string): Promise<void>;
  /** Inserts rows of a small table; fields that are left out get their defaults. */
  insertValues(table: SmallTable, values: readonly Readonly<Record<string, string>>[]): Promise<void>;
  /** Stops asking, and stops the embedded engine. */
  close(): Promise<void>;
}

export interface StoreOptions extends ConnectionOptions {
  readonly queryMs: number;
  /** Memory of one query. */
  readonly queryMemoryBytesMax: number;
}

const insertMs = 120_000;

/** Starts connecting at once. Throws StartRefused for a retention that ClickHouse cannot express. */
export function openStore(options: StoreOptions): Store {
  const connection = new StoreConnection(options);
  const statements = new SlottedStatements(connection, options);
  const blocks: Store['blocks'] = (...given) => statements.blocks(...given);
  return {
    statements: statements.counts,
    get status() {
      return connection.status$.value;
    },
    status$: connection.status$,
    get layout() {
      return connection.clients().layout;
    },
    whenReady: (signal) => connection.whenReady(signal),
    rows: (sql, params, given = {}) =>
      statements.run('query', given, ({ reads }, how) => runRows(reads, sql, params, how)),
    command: (sql, params = {}, given = {}) =>
      statements.run('command', given, ({ client }, how) => runStatement(client, sql, params, how)),
    jsonRows: (...given) => statements.jsonRows(...given),
    lines: (sql, params, given = {}) => linesOf(blocks(sql, params, given)),
    blocks,
    async insertRows(body, token) {
      try {
        await runInsert(connection.clients().client, body, token, insertMs);
      } catch (error) {
        throw statements.noted(error satisfies unknown | RowsRefused);
      }
    },
    insertValues: (table, values) =>
      statements.run('command', {}, ({ client }, how) => runInsertValues(client, table, values, how)),
    async close() {
      await connection.close();
      await options.source.stop();
      options.log.debug('the store is closed');
    },
  };
}
