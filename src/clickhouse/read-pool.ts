/**
 * Reads over ClickHouse's HTTP interface, by undici: @clickhouse/client waits for a timer before each request and takes
 * 2 to 3 ms more for it, which of a short read is a fifth (decision 026). Its parsing of errors is used here too.
 */
import { ClickHouseError, parseError } from '@clickhouse/client';
import { type Dispatcher, FormData, Pool } from 'undici';
import type { Endpoint } from './endpoint.ts';
import { lineBlocks } from './split-lines.ts';
import { NamelessAnswer } from './store-error.ts';

export type LineFormat = 'TSVRaw' | 'JSONEachRow';

export interface Read {
  /** Without FORMAT. */
  readonly sql: string;
  readonly format: LineFormat;
  /** By name, without their `param_`. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly queryId: string;
  /** Breaks off the connection, and with that the query. */
  readonly signal: AbortSignal;
}

export interface ReadPool {
  /**
   * The answer in blocks of whole lines, each line with its newline. Throws a ClickHouseError, a NamelessAnswer,
   * or what the network says. Leaving the loop ends the query.
   */
  read(read: Read): AsyncGenerator<Buffer>;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}

/** A host that does not take a connection for so long is not there. */
const connectMs = 10_000;
/** Longer ones go in the body, for ClickHouse bounds the length of a URL. */
const urlCharactersMax = 32 * 1024;

/**
 * As many connections as there are reads at once, which the slots of the store bound; each read has a deadline of its
 * own.
 */
export function openReadPool(endpoint: Endpoint, idleMs: number): ReadPool {
  const pool = new Pool(endpoint.url, {
    keepAliveTimeout: idleMs,
    keepAliveMaxTimeout: idleMs,
    connectTimeout: connectMs,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const login = Buffer.from(`${endpoint.username}:${endpoint.password}`).toString('base64');
  const headers = { authorization: `Basic ${login}`, 'user-agent': 'sluice' };

  async function* read({ sql, format, params, settings, queryId, signal }: Read): AsyncGenerator<Buffer> {
    const query = `${sql}\nFORMAT ${format}`;
    const values = Object.entries(params).map(([name, value]) => [`param_${name}`, paramText(value)] as const);
    const isLong = values.reduce((sum, [, text]) => sum + text.length, 0) > urlCharactersMax;
    const words = new URLSearchParams({ database: endpoint.database, query_id: queryId });
    for (const [name, value] of Object.entries(settings)) words.set(name, String(value));
    if (!isLong) for (const [name, text] of values) words.set(name, text);
    const {
      body,
      statusCode,
      headers: given,
    } = await orAborted(
      pool.request({
        method: 'POST',
        path: `${endpoint.pathname || '/'}?${words}`,
        headers,
        body: isLong ? form([['query', query], ...values]) : query,
        signal,
      }),
      signal,
    );
    try {
      if (statusCode !== 200 || given['x-clickhouse-exception-code'] !== undefined) {
        throw answeredError(statusCode, await body.text());
      }
      yield* lineBlocks(body, given['x-clickhouse-exception-tag'] !== undefined);
    } finally {
      body.destroy();
    }
  }

  return { read, close: () => pool.destroy() };
}

function answeredError(status: number, text: string): Error {
  const error = parseError(text);
  return error instanceof ClickHouseError ? error : new NamelessAnswer(status, text);
}

/** undici looks at the signal only once the connection stands. An answer that comes after all is let go. */
function orAborted(asked: Promise<Dispatcher.ResponseData>, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => {
      asked.then(
        ({ body }) => body.on('error', () => undefined).destroy(),
        () => undefined,
      );
      reject(signal.reason);
    };
    if (signal.aborted) return aborted();
    signal.addEventListener('abort', aborted, { once: true });
    asked.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
  });
}

function form(fields: readonly (readonly [string, string])[]): FormData {
  const form = new FormData();
  // `set` looks through all that are there.
  for (const [name, text] of fields) form.append(name, text);
  return form;
}

/**
 * The text of a parameter, as ClickHouse reads it: escaped, and within an array quoted, numbers as they are, arrays as
 * tuples.
 */
function paramText(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(itemText).join(',')}]` : escapeText(String(value));
}

function itemText(value: unknown): string {
  if (Array.isArray(value)) return `(${value.map(itemText).join(',')})`;
  return typeof value === 'number' ? String(value) : `'${escapeText(String(value))}'`;
}

const escapes: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', "'": "\\'", '\\': '\\\\' };

function escapeText(text: string): string {
  return text.replaceAll(/[\t\n\r'\\]/g, (character) => escapes[character] ?? character);
}
