/**
 * A WebSocket client for tests: every message, the close and a refused handshake can be waited for.
 */
import { WebSocket } from 'ws';
import { until, within } from './poll.ts';
import type { Target } from './target.ts';

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

export type Handshake =
  | { readonly accepted: true; readonly socket: TestSocket }
  | { readonly accepted: false; readonly status: number; readonly body: string };

export interface Dialling {
  /** Null offers none. */
  readonly protocols?: readonly string[] | null;
  readonly headers?: Readonly<Record<string, string>>;
}

const answerMs = 15_000;

export class TestSocket {
  /** Every text message, in order. */
  readonly messages: string[] = [];
  readonly closed: Promise<Closed>;
  readonly #socket: WebSocket;
  #read = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.messages.push(data.toString()));
    // A broken connection is told by the close that follows.
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) =>
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  send(message: string | Buffer): void {
    this.#socket.send(message);
  }

  /** The next message that was not yet asked for. */
  next(): Promise<string> {
    return until('a message comes', () =>
      this.#read < this.messages.length ? this.messages[this.#read++] : undefined,
    );
  }

  /** Resolves when the pong is here: the server has taken all that was sent before. */
  ping(): Promise<void> {
    const ponged = new Promise<void>((resolve, reject) => {
      this.#socket.once('pong', () => resolve());
      void this.closed.then(({ code, reason }) => reject(new Error(`Closed ${code} ${reason} instead of a pong`)));
    });
    this.#socket.ping();
    return within('a pong comes', answerMs, ponged);
  }

  untilClosed(): Promise<Closed> {
    return within('the server closes', answerMs, this.closed);
  }

  async close(): Promise<Closed> {
    this.#socket.close();
    return this.untilClosed();
  }

  drop(): void {
    this.#socket.terminate();
  }
}

export function dial(target: Target, path: string, dialling: Dialling = {}): Promise<Handshake> {
  const { protocols = ['prefect'], headers = {} } = dialling;
  const url = `${target.baseUrl().replace(/^http/, 'ws')}${path}`;
  const secure = target.ca === undefined ? {} : { ca: target.ca };
  const options = { headers, perMessageDeflate: false, maxPayload: 64 * 1024 * 1024, ...secure };
  const websocket = protocols === null ? new WebSocket(url, options) : new WebSocket(url, [...protocols], options);
  const socket = new TestSocket(websocket);
  const shaken = new Promise<Handshake>((resolve, reject) => {
    websocket.once('open', () => resolve({ accepted: true, socket }));
    websocket.once('error', reject);
    websocket.once('unexpected-response', (_, incoming) => {
      let body = '';
      incoming.on('data', (chunk: Buffer) => (body += chunk.toString()));
      incoming.once('end', () => resolve({ accepted: false, status: incoming.statusCode ?? 0, body }));
    });
  });
  return within(`the handshake of ${path} ends`, answerMs, shaken);
}

/** Connects and insists on an accepted handshake. */
export async function connect(target: Target, path: string, dialling: Dialling = {}): Promise<TestSocket> {
  const handshake = await dial(target, path, dialling);
  if (!handshake.accepted)
    throw new Error(`The handshake of ${path} was refused: ${handshake.status} ${handshake.body}`);
  return handshake.socket;
}

/** Connects and authenticates with the target's auth string, with extra fields of the auth message. */
export async function connectSigned(target: Target, path: string, fields: object = {}): Promise<TestSocket> {
  const socket = await connect(target, path);
  socket.send(JSON.stringify({ type: 'auth', token: target.authString ?? null, ...fields }));
  const answer = await socket.next();
  if (answer !== '{"type":"auth_success"}') throw new Error(`The auth message was answered by ${answer}`);
  return socket;
}

/** A subscriber whose filter message was sent; the fields stand in that message. */
export async function subscribe(target: Target, filter: unknown, fields: object = {}): Promise<TestSocket> {
  const socket = await connectSigned(target, '/api/events/out');
  socket.send(JSON.stringify({ type: 'filter', filter, ...fields }));
  return socket;
}
