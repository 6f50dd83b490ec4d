/**
 * One function for each kind of statement, over the HTTP client: with its deadline in ClickHouse and here, its own
 * query id, and its cancellation when the caller's signal aborts.
 */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { type ClickHouseClient, type ClickHouseSettings, type ExecParams, parseError } from '@clickhouse/client';
import { Failure } from '../errors.ts';
import { failPoint } from '../fail-point.ts';
import { jsonItems, lineBlocks } from './split-lines.ts';
import { insertError, readError } from './store-error.ts';

export interface RunOptions {
  readonly deadlineMs: number;
  readonly memoryBytesMax: number;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly signal?: AbortSignal;
}

/** How much later than ClickHouse's own deadline a statement is given up. */
const graceMs = 2000;

const insertColumns = ['seq', 'id', 'received', 'occurred', 'head', 'search', 'raw'] as const;

/** Each states what a profile of the user, or another version's default, might have otherwise. */
const insertSettings: ClickHouseSettings = {
  async_insert: 0,
  insert_deduplicate: 1,
  // On a cluster: answered once the shards have it.
  distributed_foreground_insert: 1,
  date_time_input_format: 'basic',
  // One thread and one block: a batch is one part (one for each class of retention), each of which is inserted whole or not at all.
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
  client: ClickHouseClient,
  sql: string,
  params: Record<string, unknown>,
  options: RunOptions,
): Promise<Row[]> {
  return await withDeadline(options, readError, async (signal) => {
    const result = await client.query({
      query: sql,
      format: 'JSONEachRow',
      query_params: params,
      clickhouse_settings: readSettings(options),
      query_id: newQueryId(),
      abort_signal: signal,
    });
    return await result.json<Row>();
  });
}

type LineFormat = 'TSVRaw' | 'JSONEachRow';

/** Blocks of whole lines, each line with its newline. */
export async function* runBlocks(
  client: ClickHouseClient,
  sql: string,
  params: Record<string, unknown>,
  options: RunOptions,
  format: LineFormat,
): AsyncGenerator<Buffer> {
  const limit = limitTime(options);
  const open = JSON.stringify(params).length > urlParamsCharactersMax ? openLongBlocks : openBlocks;
  let stream: Readable | null = null;
  try {
    const opened = await open(client, format, {
      query: sql,
      query_params: params,
      clickhouse_settings: readSettings(options),
      query_id: newQueryId(),
      abort_signal: limit.signal,
    });
    stream = opened.stream;
    yield* opened.blocks;
  } catch (error) {
    throw limit.explain(error, readError);
  } finally {
    limit.release();
    stream?.destroy();
  }
}

interface OpenedBlocks {
  readonly stream: Readable;
  readonly blocks: AsyncIterable<Buffer>;
}

async function openBlocks(client: ClickHouseClient, format: LineFormat, asked: ExecParams): Promise<OpenedBlocks> {
  const { stream, response_headers: headers } = await client.exec({
    ...asked,
    query: `${asked.query}\nFORMAT ${format}`,
  });
  return { stream, blocks: lineBlocks(stream, headers?.['x-clickhouse-exception-tag'] !== undefined) };
}

/** `exec` sends parameters in the URL only, which ClickHouse bounds; `query` sends long ones as a form, and gives lines as texts. */
const urlParamsCharactersMax = 32 * 1024;

async function openLongBlocks(client: ClickHouseClient, format: LineFormat, asked: ExecParams): Promise<OpenedBlocks> {
  const formats = { TSVRaw: 'TabSeparatedRaw', JSONEachRow: 'JSONEachRow' } as const;
  const result = await client.query({ ...asked, format: formats[format] });
  const stream = result.stream();
  async function* blocks(): AsyncGenerator<Buffer> {
    for await (const rows of stream as AsyncIterable<readonly { readonly text: string }[]>) {
      // what the client gives for a format of lines
      if (rows.length > 0) yield Buffer.from(`${rows.map(({ text }) => text).join('\n')}\n`);
    }
  }
  return { stream, blocks: blocks() };
}

/** Rows as JSON objects, as JSON.stringify writes them, in pieces as they come, a comma behind each. */
export async function* runJsonRows(
  client: ClickHouseClient,
  sql: string,
  params: Record<string, unknown>,
  options: RunOptions,
): AsyncGenerator<Buffer> {
  for await (const block of runBlocks(client, sql, params, options, 'JSONEachRow')) yield jsonItems(block);
}

export async function runCommand(
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

/** Written as the socket takes them: a batch as one chunk kept the event loop for as long as the kernel copied all of it. */
function* chunksOf(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += insertChunkBytes) yield body.subarray(at, at + insertChunkBytes);
}

function newQueryId(): string {
  return `sluice-${randomUUID()}`;
}

function limits(options: RunOptions): ClickHouseSettings {
  return {
    max_execution_time: options.deadlineMs / 1000,
    timeout_overflow_mode: 'throw',
    max_memory_usage: String(options.memoryBytesMax),
  };
}

function readSettings(options: RunOptions): ClickHouseSettings {
  return {
    ...limits(options),
    // A query is only ended with its connection if it is declared a read.
    readonly: '2',
    cancel_http_readonly_queries_on_client_close: 1,
    output_format_json_quote_64bit_integers: 0,
    output_format_json_escape_forward_slashes: 0,
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
