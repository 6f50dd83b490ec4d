/**
 * The one door to ClickHouse: typed statements with deadlines, a bounded number of queries at once, and a
 * status that says whether it serves. The store may be down at any time, at the start too (I9): then calls reject at once.
 */
import type { Observable } from 'rxjs';
import { Failure } from '../base/errors.ts';
import { type Clients, type ConnectionOptions, StoreConnection, type StoreStatus } from './connection.ts';
import { QuerySlots } from './query-slots.ts';
import { linesOf } from './split-lines.ts';
import {
  type RunOptions,
  runBlocks,
  runInsert,
  runInsertValues,
  runJsonRows,
  runRows,
  runStatement,
  type SmallTable,
} from './statements.ts';
import type { RowsRefused } from './store-error.ts';

export type { StorePhase, StoreStatus } from './connection.ts';
export { RowsRefused } from './store-error.ts';

export interface QueryOptions {
  /** Default: the store's `queryMs`. */
  readonly deadlineMs?: number;
  /** Ends the statement, in ClickHouse too; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Hears, of `rows`, how many bytes of text each block has before it is parsed; may throw, which ends the read. */
  readonly taken?: (bytes: number) => void;
  /** How long to wait for a slot. Default 5 s, of `lines` and `blocks` 60 s. */
  readonly waitMs?: number;
}

/** Pages of history for feeds, other reads, commands. */
export type StatementKind = 'feed' | 'query' | 'command';

/** All statements reject with a Failure: storeUnavailable, storeRefused, queryTimedOut, queryTooLarge, tooManyQueries, internal. */
export interface Store {
  /** How many were sent so far, inserts apart. */
  readonly statements: Readonly<Record<StatementKind, number>>;
  readonly status: StoreStatus;
  /** Replays the current status. */
  readonly status$: Observable<StoreStatus>;
  /** Resolves when the store is ready; rejects when the signal aborts or the store is closed. */
  whenReady(signal?: AbortSignal): Promise<void>;
  /** The rows of a read as objects; 64-bit integers come as numbers, exact up to 2^53. Without FORMAT in `sql`. */
  rows<Row>(sql: string, params: Record<string, unknown>, options?: QueryOptions): Promise<Row[]>;
  /**
   * As `rows`, as the text of JSON objects with a comma behind each, in pieces as they come: the query holds its slot until the last one was taken, so no more
   * than half of the slots are for these. Leaving the loop ends it.
   */
  jsonRows(sql: string, params: Record<string, unknown>, options?: QueryOptions): AsyncIterable<Buffer>;
  /** For feeds: the lines of a read as TSVRaw, in batches, in slots apart from those of `rows`. Without FORMAT in `sql`. Leaving the loop ends the query. */
  lines(sql: string, params: Record<string, unknown>, options?: QueryOptions): AsyncIterable<string[]>;
  /** As `lines`, as bytes: blocks of whole lines, each line with its newline. */
  blocks(sql: string, params: Record<string, unknown>, options?: QueryOptions): AsyncIterable<Buffer>;
  command(sql: string, params?: Record<string, unknown>, options?: QueryOptions): Promise<void>;
  /**
   * Inserts rows of events (`seq, id, received, occurred, head, search, raw` as TSVRaw), all of one UTC day of `received`.
   * Sent again with the same token it adds nothing. Rejects with RowsRefused if it is the content that is refused.
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
/** Counts of a large table beside full intake take some seconds: who waits as long rather gets an answer than a 503. */
const waitMs = 5_000;
const feedWaitMs = 60_000;

/** Starts connecting at once. Throws StartRefused for a retention that ClickHouse cannot express. */
export function openStore(options: StoreOptions): Store {
  const { log, queryMs, queryMemoryBytesMax } = options;
  const connection = new StoreConnection(options);
  const statements: Record<StatementKind, number> = { feed: 0, query: 0, command: 0 };
  const slots = new QuerySlots(options.queriesMax);
  // Of their own: a storm of subscribers that want history must not take the places of queries.
  const feedSlots = new QuerySlots(Math.ceil(options.queriesMax / 2));
  // Beside their own: clients that read long answers slowly must not take the places of all others.
  const streamSlots = new QuerySlots(Math.ceil(options.queriesMax / 2));

  function runOptions(given: QueryOptions): RunOptions {
    return {
      deadlineMs: given.deadlineMs ?? queryMs,
      memoryBytesMax: queryMemoryBytesMax,
      settings: given.settings ?? {},
      ...(given.signal && { signal: given.signal }),
      ...(given.taken && { taken: given.taken }),
    };
  }

  /** A failure of the connection is looked into at once, not at the next round. */
  function noted(error: unknown): unknown {
    if (error instanceof Failure && error.failure === 'storeUnavailable') connection.suspect(error.message);
    return error;
  }

  async function slotted<Value>(
    kind: StatementKind,
    given: QueryOptions,
    run: (clients: Clients) => Promise<Value>,
  ): Promise<Value> {
    connection.clients();
    const release = await slots.take(given.waitMs ?? waitMs, given.signal);
    try {
      statements[kind] += 1;
      return await run(connection.clients());
    } catch (error) {
      throw noted(error);
    } finally {
      release();
    }
  }

  async function* blocks(
    sql: string,
    params: Record<string, unknown>,
    given: QueryOptions = {},
  ): AsyncGenerator<Buffer> {
    connection.clients();
    const release = await feedSlots.take(given.waitMs ?? feedWaitMs, given.signal);
    try {
      statements.feed += 1;
      yield* runBlocks(connection.clients().reads, sql, params, runOptions(given), 'TSVRaw');
    } catch (error) {
      throw noted(error);
    } finally {
      release();
    }
  }

  async function* jsonRows(
    sql: string,
    params: Record<string, unknown>,
    given: QueryOptions = {},
  ): AsyncGenerator<Buffer> {
    connection.clients();
    const releaseStream = await streamSlots.take(given.waitMs ?? waitMs, given.signal);
    let release: () => void = () => undefined;
    try {
      release = await slots.take(given.waitMs ?? waitMs, given.signal);
      statements.query += 1;
      yield* runJsonRows(connection.clients().reads, sql, params, runOptions(given));
    } catch (error) {
      throw noted(error);
    } finally {
      release();
      releaseStream();
    }
  }

  return {
    statements,
    get status() {
      return connection.status$.value;
    },
    status$: connection.status$,
    whenReady: (signal) => connection.whenReady(signal),
    rows: (sql, params, given = {}) =>
      slotted('query', given, ({ reads }) => runRows(reads, sql, params, runOptions(given))),
    command: (sql, params = {}, given = {}) =>
      slotted('command', given, ({ client }) => runStatement(client, sql, params, runOptions(given))),
    jsonRows,
    lines: (sql, params, given = {}) => linesOf(blocks(sql, params, given)),
    blocks,
    async insertRows(body, token) {
      try {
        await runInsert(connection.clients().client, body, token, insertMs);
      } catch (error) {
        throw noted(error satisfies unknown | RowsRefused);
      }
    },
    insertValues: (table, values) =>
      slotted('command', {}, ({ client }) => runInsertValues(client, table, values, runOptions({}))),
    async close() {
      await connection.close();
      await options.source.stop();
      log.debug('the store is closed');
    },
  };
}
