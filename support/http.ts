/**
 * A plain HTTP client for tests: sends exactly what it is told and shows exactly what came back, decoded by nobody.
 */
import { type IncomingHttpHeaders, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { basicAuth, type Target } from './target.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
}

export interface Sending {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** False leaves the credentials out. */
  readonly signed?: boolean;
}

/** A net: on a machine that is full of other work a server takes its time. */
const answerMs = 120_000;

export function send(target: Target, sending: Sending): Promise<Answer> {
  const { method = 'GET', path, headers = {}, body, signed = true } = sending;
  const credentials = signed && target.authString !== undefined ? { authorization: basicAuth(target.authString) } : {};
  return new Promise((resolve, reject) => {
    const url = `${target.baseUrl()}${path}`;
    const nodeRequest = url.startsWith('https:') ? secureRequest : plainRequest;
    const outgoing = nodeRequest(url, {
      method,
      ...(target.ca !== undefined && { ca: target.ca }),
      agent: false,
      timeout: answerMs,
      headers: {
        ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
        ...credentials,
        ...headers,
      },
    });
    outgoing.once('error', reject);
    outgoing.once('timeout', () => outgoing.destroy(new Error(`No answer to ${method} ${path} in ${answerMs} ms`)));
    outgoing.once('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.once('error', reject);
      incoming.once('end', () => {
        const bytes = Buffer.concat(chunks);
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, bytes, text: bytes.toString() });
      });
    });
    outgoing.end(body);
  });
}

/** POST with a JSON body; a string is sent as it is, anything else as JSON. */
export function post(target: Target, path: string, body: unknown): Promise<Answer> {
  return send(target, {
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}
