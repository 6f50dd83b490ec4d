/**
 * Statements of a store: each with a deadline, counted by its kind, and in a slot, so that a bounded number of them
 * runs at once.
 */
import { Failure } from '../base/errors.ts';
import type { Clients, StoreConnection } from './connection.ts';
import { QuerySlots } from './query-slots.ts';
import { type RunOptions, runBlocks, runJsonRows } from './statements.ts';

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

export interface SlottedOptions {
  readonly queryMs: number;
  readonly queryMemoryBytesMax: number;
  readonly queriesMax: number;
}

/** Counts of a large table beside full intake take some seconds: who waits as long rather gets an answer than a 503. */
const waitMs = 5_000;
const feedWaitMs = 60_000;

export class SlottedStatements {
  readonly counts: Record<StatementKind, number> = { feed: 0, query: 0, command: 0 };
  readonly #connection: StoreConnection;
  readonly #options: SlottedOptions;
  readonly #slots: QuerySlots;
  /** Of their own: a storm of subscribers that want history must not take the places of queries. */
  readonly #feedSlots: QuerySlots;
  /** Beside their own: clients that read long answers slowly must not take the places of all others. */
  readonly #streamSlots: QuerySlots;

  constructor(connection: StoreConnection, options: SlottedOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#slots = new QuerySlots(options.queriesMax);
    this.#feedSlots = new QuerySlots(Math.ceil(options.queriesMax / 2));
    this.#streamSlots = new QuerySlots(Math.ceil(options.queriesMax / 2));
  }

  async run<Value>(
    kind: StatementKind,
    given: QueryOptions,
    work: (clients: Clients, options: RunOptions) => Promise<Value>,
  ): Promise<Value> {
    this.#connection.clients();
    const release = await this.#slots.take(given.waitMs ?? waitMs, given.signal);
    try {
      this.counts[kind] += 1;
      return await work(this.#connection.clients(), this.#runOptions(given));
    } catch (error) {
      throw this.noted(error);
    } finally {
      release();
    }
  }

  async *blocks(sql: string, params: Record<string, unknown>, given: QueryOptions = {}): AsyncGenerator<Buffer> {
    this.#connection.clients();
    const release = await this.#feedSlots.take(given.waitMs ?? feedWaitMs, given.signal);
    try {
      this.counts.feed += 1;
      yield* runBlocks(this.#connection.clients().reads, sql, params, this.#runOptions(given), 'TSVRaw');
    } catch (error) {
      throw this.noted(error);
    } finally {
      release();
    }
  }

  async *jsonRows(sql: string, params: Record<string, unknown>, given: QueryOptions = {}): AsyncGenerator<Buffer> {
    this.#connection.clients();
    const releaseStream = await this.#streamSlots.take(given.waitMs ?? waitMs, given.signal);
    let release: () => void = () => undefined;
    try {
      release = await this.#slots.take(given.waitMs ?? waitMs, given.signal);
      this.counts.query += 1;
      yield* runJsonRows(this.#connection.clients().reads, sql, params, this.#runOptions(given));
    } catch (error) {
      throw this.noted(error);
    } finally {
      release();
      releaseStream();
    }
  }

  /** A failure of the connection is looked into at once, not at the next round. */
  noted(error: unknown): unknown {
    if (error instanceof Failure && error.failure === 'storeUnavailable') this.#connection.suspect(error.message);
    return error;
  }

  #runOptions(given: QueryOptions): RunOptions {
    return {
      deadlineMs: given.deadlineMs ?? this.#options.queryMs,
      memoryBytesMax: this.#options.queryMemoryBytesMax,
      settings: given.settings ?? {},
      ...(given.signal && { signal: given.signal }),
      ...(given.taken && { taken: given.taken }),
    };
  }
}
