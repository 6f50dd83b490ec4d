/**
 * Writes status and headers of an answer, up to what the library adds of itself.
 */
import { STATUS_CODES } from 'node:http';
import type { HttpAnswer } from './http-answer.ts';
import type { RequestHead } from './request-head.ts';
import type { HttpResponse } from './uws.ts';

/** A body as it goes out. */
export interface Content {
  readonly pieces: readonly (string | Buffer)[] | null;
  readonly bytes: number;
  readonly isLong: boolean;
  readonly isPacked: boolean;
}

export function writeHead(
  response: HttpResponse,
  head: Pick<RequestHead, 'allowOrigin' | 'hsts'>,
  status: number,
  headers: Readonly<Record<string, string>>,
): void {
  response.writeStatus(statusLine(status));
  for (const name in headers) response.writeHeader(name, headers[name] ?? '');
  if (head.hsts !== '') response.writeHeader('strict-transport-security', head.hsts);
  if (head.allowOrigin === '' || 'access-control-allow-origin' in headers) return;
  for (const [name, value] of Object.entries(originHeaders(head))) response.writeHeader(name, value);
}

const statusLines = new Map<number, string>();

function statusLine(status: number): string {
  let line = statusLines.get(status);
  if (line === undefined) {
    line = `${status} ${STATUS_CODES[status] ?? 'Unknown'}`;
    statusLines.set(status, line);
  }
  return line;
}

const noHeaders: Readonly<Record<string, string>> = {};
const jsonHeaders: Readonly<Record<string, string>> = { 'content-type': 'application/json' };

/** What a page of another origin is told; an answer that differs by origin says so to caches. */
export function originHeaders({ allowOrigin }: Pick<RequestHead, 'allowOrigin'>): Readonly<Record<string, string>> {
  if (allowOrigin === '') return {};
  const allowed = { 'access-control-allow-origin': allowOrigin };
  return allowOrigin === '*' ? allowed : { ...allowed, vary: 'Origin' };
}

/** An answer's own headers, and those that its body wants. */
export function headersOf(
  { headers }: Pick<HttpAnswer, 'headers'>,
  { bytes, isLong, isPacked }: Content,
): Readonly<Record<string, string>> {
  if (headers === undefined && !isLong && !isPacked) return bytes > 0 ? jsonHeaders : noHeaders;
  const all: Record<string, string> = {};
  if (bytes > 0) all['content-type'] = 'application/json';
  Object.assign(all, headers);
  if (isLong) all.vary = 'Accept-Encoding';
  if (isPacked) all['content-encoding'] = 'gzip';
  return all;
}
