/**
 * One request and its answer: the only file that touches a uWebSockets.js response, which must not be touched once the client
 * has gone or the answer is given.
 */
import { STATUS_CODES } from 'node:http';
import { promisify } from 'node:util';
import { gzip, gzipSync } from 'node:zlib';
import type { Stage } from './counters.ts';
import { currentTurn } from './current-turn.ts';
import { EventStream } from './event-stream.ts';
import type { HttpAnswer } from './http-answer.ts';
import type { ServerParts } from './parts.ts';
import { isUnframed, type RequestHead } from './request-head.ts';
import type { PouredAnswer } from './route.ts';
import type { HttpResponse } from './uws.ts';

const compressLater = promisify(gzip);
/** Starlette's bound: shorter bodies stay plain. */
const gzipBytesMin = 500;
/** Longer bodies are compressed off the main thread. A page of fifty events takes 0.1 ms here, and there more than that until a thread is free. */
const gzipNowBytesMax = 96 * 1024;
/** A tenth larger than by zlib's default, in half the time. */
const gzipOptions = { level: 3 };

/** A peer that takes nothing of a poured answer for so long is cut off: the query behind it holds a slot. */
const stallMs = 30_000;

/** A body as it goes out. */
interface Content {
  readonly body: string | Buffer | null;
  readonly bytes: number;
  readonly isLong: boolean;
  readonly isPacked: boolean;
}

export type ExchangeParts = Pick<ServerParts, 'counters' | 'log'>;

export class Exchange {
  readonly head: RequestHead;
  readonly #response: HttpResponse;
  readonly #parts: ExchangeParts;
  #stage: Stage = 'answer';
  /** Of the loop, when the last byte of the request came. */
  #cameIn: symbol = currentTurn();
  readonly #isLast: () => boolean;
  #isOver = false;
  /** The connection was closed from our side. */
  #isCut = false;
  #hasLeft = false;
  #controller: AbortController | null = null;
  #whenGone: (() => void) | null = null;

  /** `isLast` says whether the connection ends with the answer, for the server stops. */
  constructor(response: HttpResponse, head: RequestHead, parts: ExchangeParts, isLast: () => boolean = () => false) {
    this.head = head;
    this.#response = response;
    this.#parts = parts;
    this.#isLast = isLast;
    response.onAborted(() => this.#gone());
  }

  /** The client went away before it had its answer. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** Aborts when the client goes away before its answer. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isOver) this.#controller.abort();
    return this.#controller.signal;
  }

  /** Reads the body; `gone` is called instead of a last chunk if the client goes away. A chunk is valid during its call only. */
  onBody(receive: (chunk: ArrayBuffer, isLast: boolean) => void, gone: () => void): void {
    if (this.#isOver) {
      gone();
      return;
    }
    this.#whenGone = gone;
    this.#stage = 'body';
    this.#response.onData((chunk, isLast) => {
      if (this.#isOver) return;
      if (isLast) {
        this.#stage = 'answer';
        this.#cameIn = currentTurn();
      }
      receive(chunk, isLast);
    });
  }

  /** Answers, once; does nothing if the client has gone. */
  async answer(answer: HttpAnswer): Promise<void> {
    const { body } = answer;
    const bytes = body === null ? 0 : Buffer.byteLength(body);
    const isLong = bytes >= gzipBytesMin;
    if (body === null || !isLong || !this.head.acceptsGzip) {
      this.#write(answer, { body, bytes, isLong, isPacked: false });
      return;
    }
    const packed = bytes <= gzipNowBytesMax ? gzipSync(body, gzipOptions) : await compressLater(body, gzipOptions);
    this.#write(answer, { body: packed, bytes: packed.length, isLong, isPacked: true });
  }

  /** Answers with a stream that goes on; if `open` throws, nothing is answered yet. Does nothing if the client has gone. */
  stream(open: (out: EventStream) => void): void {
    if (this.#isOver) return;
    const out = new EventStream(this.#response);
    open(out);
    this.#isOver = true;
    this.#stage = 'stream';
    this.#whenGone = () => {
      this.#isCut = out.isOver;
      out.closed();
    };
    const origin = this.head.hasOrigin ? { 'access-control-allow-origin': '*' } : {};
    out.begin({
      status: '200 OK',
      headers: {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
        ...origin,
      },
    });
  }

  /**
   * Answers with a body that comes in parts; the next one is asked for when the peer has taken the last. Rejects as they do: before
   * the first one nothing is answered yet, after it the connection is cut off, so that half an answer never looks whole.
   */
  async pour({ pour, headers }: PouredAnswer): Promise<void> {
    const response = this.#response;
    let hasBegun = false;
    let wake = (): void => undefined;
    this.#whenGone = () => wake();
    this.#stage = 'pour';
    try {
      for await (const part of pour) {
        if (this.#isOver) return;
        if (!hasBegun) {
          response.onWritable(() => {
            wake();
            return true;
          });
        }
        let hasRoom = false;
        response.cork(() => {
          if (!hasBegun) this.#writeHead(headers);
          hasRoom = response.write(part);
        });
        hasBegun = true;
        if (!hasRoom) {
          const late = setTimeout(() => this.#cut(), stallMs);
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          clearTimeout(late);
        }
        if (this.#isOver) return;
      }
    } catch (error) {
      if (this.#isOver) return;
      if (hasBegun) this.#cut();
      throw error;
    }
    if (this.#isOver) return;
    this.#isOver = true;
    response.cork(() => (this.#closes ? response.end(undefined, true) : response.end()));
  }

  #writeHead(headers: Readonly<Record<string, string>>): void {
    this.#response.writeStatus('200 OK');
    for (const [name, value] of Object.entries(headers)) this.#response.writeHeader(name, value);
    if (this.head.hasOrigin) this.#response.writeHeader('access-control-allow-origin', '*');
  }

  #write(answer: HttpAnswer, { body, bytes, isLong, isPacked }: Content): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const response = this.#response;
    const { status, headers = {} } = answer;
    const closes = answer.closes === true || this.#closes;
    response.cork(() => {
      response.writeStatus(`${status} ${STATUS_CODES[status] ?? 'Unknown'}`);
      if (bytes > 0 && !('content-type' in headers)) response.writeHeader('content-type', 'application/json');
      for (const [name, value] of Object.entries(headers)) response.writeHeader(name, value);
      if (isLong) response.writeHeader('vary', 'Accept-Encoding');
      if (isPacked) response.writeHeader('content-encoding', 'gzip');
      if (this.head.hasOrigin && !('access-control-allow-origin' in headers)) {
        response.writeHeader('access-control-allow-origin', '*');
      }
      if (body === null && closes) response.endWithoutBody(undefined, true);
      else if (body === null) response.endWithoutBody();
      else if (this.head.method === 'HEAD') {
        // Not endWithoutBody(bytes): after that, uWebSockets.js waits for the body and takes no further request.
        response.writeHeader('content-length', String(bytes)).endWithoutBody(undefined, closes);
      } else response.end(body, closes);
    });
  }

  /** Behind a request that says nothing of its body's length, nothing on its connection is read; and a server that stops reads no more. */
  get #closes(): boolean {
    return isUnframed(this.head) || this.#isLast();
  }

  #cut(): void {
    this.#isCut = true;
    this.#response.close();
  }

  #gone(): void {
    this.#isOver = true;
    this.#controller?.abort();
    this.#whenGone?.();
    if (this.#isCut) return;
    this.#hasLeft = true;
    const isGlued = this.#stage === 'answer' && this.#cameIn === currentTurn();
    const during = isGlued ? 'glued' : this.#stage;
    this.#parts.counters.gone[during] += 1;
    this.#parts.log.debug({ during, path: this.head.path }, 'a client left before it had its answer');
  }
}
