/**
 * One function for each kind of statement: with its deadline in ClickHouse and here, its own
 * query id, and its cancellation when the caller's signal aborts.
 */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { type ClickHouseClient, type ClickHouseSettings, parseError } from '@clickhouse/client';
import { Failure } from '../base/errors.ts';
import { failPoint } from '../base/fail-point.ts';
import type { LineFormat, Read, ReadPool } from './read-pool.ts';
import { cutLines, jsonItems } from './split-lines.ts';
import { insertError, readError } from './store-error.ts';

export interface RunOptions {
  readonly deadlineMs: number;
  readonly memoryBytesMax: number;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly signal?: AbortSignal;
  readonly taken?: (bytes: number) => void;
}

/**
 * For reads that take ClickHouse a few milliseconds. It leaves out what pays for long reads only: to look for a
 * projection takes 2 to 3 ms, to compile an expression that it meets for the third time some tens (decision 026).
 */
export const quickRead = {
  optimize_use_projections: 0,
  compile_expressions: 0,
  compile_aggregate_expressions: 0,
  compile_sort_description: 0,
} as const;

/** How much later than ClickHouse's own deadline a statement is given up. */
const graceMs = 2000;

const insertColumns = ['seq', 'id', 'received', 'occurred', 'head', 'search', 'raw'] as const;

/** Each is stated, for a profile of the user, or another version, may have another default. */
const insertSettings: ClickHouseSettings = {
  async_insert: 0,
  insert_deduplicate: 1,
  // On a cluster: answered once the shards have it.
  distributed_foreground_insert: 1,
  date_time_input_format: 'basic',
  // One thread and one block: a batch is one part (one for each class of retention), each of which is inserted whole or
  // not at all.
  input_format_parallel_parsing: 0,
  max_insert_threads: '1',
  max_insert_block_size: '1048576',
  input_format_tsv_detect_header: 0,
  input_format_tsv_empty_as_default: 0,
  input_format_defaults_for_omitted_fields: 1,
  input_format_allow_errors_num: '0',
  input_format_allow_errors_ratio: 0,
};

export async function runRows<Row>(
  reads: ReadPool,
  sql: string,
  params: Record<string, unknown>,
  options: RunOptions,
): Promise<Row[]> {
  const rows: Row[] = [];
  const { taken } = options;
  for await (const block of runBlocks(reads, sql, params, options, 'JSONEachRow')) {
    taken?.(block.length);
    for (const line of cutLines(block)) rows.push(JSON.parse(line) as Row); // what its caller's SQL selects
  }
  return rows;
}

/** Blocks of whole lines, each line with its newline. */
export async function* runBlocks(
  reads: ReadPool,
  sql: string,
  params: Record<string, unknown>,
  options: RunOptions,
  format: LineFormat,
): AsyncGenerator<Buffer> {
  const limit = limitTime(options);
  try {
    const { signal } = limit;
    yield* reads.read({ sql, format, params, settings: readSettings(options), queryId: newQueryId(), signal });
  } catch (error) {
    throw limit.explain(error, readError);
  } finally {
    limit.release();
  }
}

/** Rows as JSON objects, as JSON.stringify writes them, in pieces as they come, a comma behind each. */
export async function* runJsonRows(
  reads: ReadPool,
  sql: string,
  params: Record<string, unknown>,
  options: RunOptions,
): AsyncGenerator<Buffer> {
  for await (const block of runBlocks(reads, sql, params, options, 'JSONEachRow')) yield jsonItems(block);
}

export async function runStatement(
  client: ClickHouseClient,
  sql: string,
  params: Record<string, unknown>,
  options: RunOptions,
): Promise<void> {
  await withDeadline(options, readError, (signal) =>
    client.command({
      query: sql,
      query_params: params,
      clickhouse_settings: { ...limits(options), ...options.settings },
      query_id: newQueryId(),
      abort_signal: signal,
    }),
  );
}

const insertChunkBytes = 256 * 1024;

export async function runInsert(
  client: ClickHouseClient,
  body: Buffer,
  token: string,
  deadlineMs: number,
): Promise<void> {
  const values = Readable.from(chunksOf(body), { objectMode: false });
  // Read to its end and with that written to the socket.
  values.once('close', () => failPoint('insert-sent'));
  await withDeadline({ deadlineMs }, insertError, (signal) =>
    client.insert({
      table: 'events',
      columns: [...insertColumns],
      format: 'TabSeparatedRaw',
      values,
      clickhouse_settings: { ...insertSettings, insert_deduplication_token: token },
      query_id: newQueryId(),
      abort_signal: signal,
    }),
  );
}

/** Tables that a gateway fills row by row. */
export type SmallTable = 'page_filters';

export async function runInsertValues(
  client: ClickHouseClient,
  table: SmallTable,
  values: readonly Readonly<Record<string, string>>[],
  options: RunOptions,
): Promise<void> {
  await withDeadline(options, readError, (signal) =>
    client.insert({
      table,
      format: 'JSONEachRow',
      values: [...values],
      clickhouse_settings: {
        async_insert: 0,
        input_format_defaults_for_omitted_fields: 1,
        max_insert_block_size: '1048576',
      },
      query_id: newQueryId(),
      abort_signal: signal,
    }),
  );
}

/**
 * Written as the socket takes them: a batch as one chunk kept the event loop for as long as the kernel copied all of
 * it.
 */
function* chunksOf(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += insertChunkBytes) yield body.subarray(at, at + insertChunkBytes);
}

function newQueryId(): string {
  return `sluice-${randomUUID()}`;
}

function limits(options: RunOptions) {
  return {
    max_execution_time: options.deadlineMs / 1000,
    timeout_overflow_mode: 'throw',
    max_memory_usage: String(options.memoryBytesMax),
  } as const;
}

function readSettings(options: RunOptions): Read['settings'] {
  return {
    ...limits(options),
    // A query is only ended with its connection if it is declared a read.
    readonly: '2',
    cancel_http_readonly_queries_on_client_close: 1,
    output_format_json_quote_64bit_integers: 0,
    output_format_json_escape_forward_slashes: 0,
    // A second thread would have to be started and waited for: a seventh of what one event by its id takes (decision
    // 026).
    output_format_parallel_formatting: 0,
    ...options.settings,
  };
}

interface TimeLimit {
  readonly signal: AbortSignal;
  /** The caller's own reason if it aborted, queryTimedOut if the time is up, else what the error means. */
  explain(error: unknown, meaning: (error: unknown) => unknown): unknown;
  release(): void;
}

/** Not AbortSignal.any: on Node 20 it leaks on a caller's signal that lives long. */
function limitTime(options: { readonly deadlineMs: number; readonly signal?: AbortSignal }): TimeLimit {
  const { deadlineMs, signal: outer } = options;
  outer?.throwIfAborted();
  const inner = new AbortController();
  const abort = () => inner.abort();
  const timer = setTimeout(abort, deadlineMs + graceMs);
  outer?.addEventListener('abort', abort, { once: true });
  return {
    signal: inner.signal,
    explain(error, meaning) {
      if (outer?.aborted) return outer.reason;
      if (inner.signal.aborted)
        return new Failure('queryTimedOut', 'ClickHouse did not answer in time.', { cause: error });
      return meaning(error instanceof Error ? parseError(error) : error);
    },
    release() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', abort);
    },
  };
}

async function withDeadline<Value>(
  options: { readonly deadlineMs: number; readonly signal?: AbortSignal },
  meaning: (error: unknown) => unknown,
  run: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const limit = limitTime(options);
  try {
    return await run(limit.signal);
  } catch (error) {
    throw limit.explain(error, meaning);
  } finally {
    limit.release();
  }
}
