/**
 * The client of tests and proofs: one WebSocket, raw and typed. It sends what it is told, shows each message as it
 * came, and never comes back by itself. Load makers have a faster one (frame-socket.ts) that speaks the same wire.
 */
import { WebSocket } from 'ws';
import type { SentFilter } from '../schemas/filter.ts';
import {
  type AnsweredEvent,
  authMessage,
  authSuccess,
  type FilterMessage,
  filterMessage,
  type InFrame,
  type OutFrame,
  parseFrame,
} from '../schemas/wire.ts';
import { within } from './poll.ts';
import type { Target } from './target.ts';

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

export type Handshake =
  | { readonly accepted: true; readonly socket: WireClient }
  | { readonly accepted: false; readonly status: number; readonly body: string; readonly retryAfter?: string };

export interface Dialling {
  /** Null offers none. */
  readonly protocols?: readonly string[] | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long a handshake may take. */
  readonly handshakeMs?: number;
}

const answerMs = 15_000;
const messageMs = 45_000;

export class WireClient {
  /** Every text message, in order; none while `onMessage` takes them. */
  readonly messages: string[] = [];
  readonly closed: Promise<Closed>;
  /** Of the server. */
  pings = 0;
  pongs = 0;
  onMessage: ((message: string) => void) | null = null;
  onPong: () => void = () => undefined;
  readonly #socket: WebSocket;
  #read = 0;
  #wake: () => void = () => undefined;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.#take(data.toString()));
    socket.on('ping', () => {
      this.pings += 1;
    });
    socket.on('pong', () => {
      this.pongs += 1;
      this.onPong();
    });
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

  /** Bytes go as a binary message. */
  send(message: string | Buffer): void {
    this.#socket.send(message);
  }

  /** A text message of these bytes, be they UTF-8 or not. */
  sendAsText(bytes: Buffer): void {
    this.#socket.send(bytes, { binary: false });
  }

  /** The next message that was not yet asked for; rejects if the server closes instead. */
  next(): Promise<string> {
    const came = new Promise<string>((resolve, reject) => {
      const look = (): void => {
        const message = this.messages[this.#read];
        if (message === undefined) {
          this.#wake = look;
          return;
        }
        this.#read += 1;
        resolve(message);
      };
      look();
      void this.closed.then((how) => reject(new Error(`Closed ${textOf(how)} instead of a message`)));
    });
    return within('a message comes', messageMs, came);
  }

  /** All frames of `/out` so far, behind the answer to the auth message. */
  frames(): OutFrame[] {
    return this.messages.slice(1).map((message) => parseFrame<OutFrame>(message));
  }

  /** The events among them. */
  events(): AnsweredEvent[] {
    return this.frames().flatMap((frame) => (frame.type === 'event' ? [frame.event] : []));
  }

  /** As if no message had come yet. */
  forget(): void {
    this.messages.length = 0;
    this.#read = 0;
  }

  sendPing(): void {
    this.#socket.ping();
  }

  /** Resolves when the pong is here: the server has taken all that was sent before. */
  ping(): Promise<void> {
    const ponged = new Promise<void>((resolve, reject) => {
      this.#socket.once('pong', () => resolve());
      void this.closed.then((how) => reject(new Error(`Closed ${textOf(how)} instead of a pong`)));
    });
    this.#socket.ping();
    return within('a pong comes', answerMs, ponged);
  }

  /** Reads nothing from the connection until `resume`. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  untilClosed(): Promise<Closed> {
    return within('the server closes', answerMs, this.closed);
  }

  /** The same as `code reason`. */
  async ending(): Promise<string> {
    return textOf(await this.untilClosed());
  }

  async close(): Promise<Closed> {
    this.#socket.close();
    return this.untilClosed();
  }

  /** Hangs up without a close frame. */
  drop(): void {
    this.#socket.terminate();
  }

  #take(message: string): void {
    if (this.onMessage !== null) {
      this.onMessage(message);
      return;
    }
    this.messages.push(message);
    const wake = this.#wake;
    this.#wake = () => undefined;
    wake();
  }
}

function textOf({ code, reason }: Closed): string {
  return `${code} ${reason}`.trim();
}

export async function dial(target: Target, path: string, dialling: Dialling = {}): Promise<Handshake> {
  const { protocols = ['prefect'], headers = {}, handshakeMs = answerMs } = dialling;
  const url = `${target.baseUrl().replace(/^http/, 'ws')}${path}`;
  const secure = target.ca === undefined ? {} : { ca: target.ca };
  const options = { headers, perMessageDeflate: false, maxPayload: 64 * 1024 * 1024, ...secure };
  const websocket = protocols === null ? new WebSocket(url, options) : new WebSocket(url, [...protocols], options);
  const socket = new WireClient(websocket);
  const shaken = new Promise<Handshake>((resolve, reject) => {
    websocket.once('open', () => resolve({ accepted: true, socket }));
    websocket.once('error', reject);
    websocket.once('unexpected-response', (_, incoming) => {
      let body = '';
      incoming.on('data', (chunk: Buffer) => (body += chunk.toString()));
      incoming.once('end', () => {
        const { statusCode: status = 0, headers: answered } = incoming;
        const retryAfter = answered['retry-after'];
        resolve({ accepted: false, status, body, ...(retryAfter !== undefined && { retryAfter }) });
      });
    });
  });
  return within(`the handshake of ${path} ends`, handshakeMs, shaken).catch((error: unknown) => {
    websocket.terminate();
    throw error;
  });
}

/** Connects and insists on an accepted handshake. */
export async function connect(target: Target, path: string, dialling: Dialling = {}): Promise<WireClient> {
  const handshake = await dial(target, path, dialling);
  if (!handshake.accepted)
    throw new Error(`The handshake of ${path} was refused: ${handshake.status} ${handshake.body}`);
  return handshake.socket;
}

/** Connects and authenticates with the target's auth string. */
export async function connectSigned(
  target: Target,
  path: string,
  rejects?: boolean,
  acks?: boolean,
): Promise<WireClient> {
  const socket = await connect(target, path);
  socket.send(authMessage(target.authString, rejects, acks));
  const answer = await socket.next();
  const isGood = acks === true ? parseFrame<InFrame>(answer).type === 'auth_success' : answer === authSuccess;
  if (!isGood) throw new Error(`The auth message was answered by ${answer}`);
  return socket;
}

/** What stands beside the filter. */
export type SubscriptionFields = Omit<FilterMessage, 'type' | 'filter'>;

/** A subscriber whose filter message was sent; the fields stand in that message. */
export async function subscribe(
  target: Target,
  filter: SentFilter,
  fields: SubscriptionFields = {},
): Promise<WireClient> {
  const socket = await connectSigned(target, '/api/events/out');
  socket.send(filterMessage(filter, fields));
  return socket;
}
