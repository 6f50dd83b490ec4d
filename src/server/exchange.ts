/**
 * One request and its answer. Only this file touches a uWebSockets.js response, which must not be touched once the
 * client has gone or the answer is given.
 */
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { AnswerBudget, AnswerShare } from './answer-budget.ts';
import type { Stage } from './counters.ts';
import { currentTurn } from './current-turn.ts';
import { EventStream } from './event-stream.ts';
import type { ForwardedHeaders } from './forwarded.ts';
import { gzipBytesMin, gzipLater, gzipNow, gzipNowBytesMax, gzipOptions } from './gzip.ts';
import type { AnswerPieces, HttpAnswer } from './http-answer.ts';
import type { ServerParts } from './parts.ts';
import type { Peer } from './peer-address.ts';
import { isUnframed, type RequestHead } from './request-head.ts';
import type { PouredAnswer } from './route.ts';
import type { HttpResponse } from './uws.ts';
import { type Content, headersOf, originHeaders, writeHead } from './write-head.ts';

/** A longer body has no length where its connection closes behind it: the library holds no more before it closes. */
const closingBytesMax = 64 * 1024;

/** A peer that takes nothing of its answer for so long is cut off: what is held for it, others wait for. */
const unreadMs = 30_000;

export interface ExchangeParts extends Pick<ServerParts, 'counters' | 'log'> {
  readonly answers: AnswerBudget;
}

export class Exchange implements Peer {
  readonly head: RequestHead;
  readonly #response: HttpResponse;
  readonly #parts: ExchangeParts;
  #stage: Stage = 'answer';
  /** Of the loop, when the last byte of the request came. */
  #cameIn: number = currentTurn();
  readonly #isLast: () => boolean;
  #isOver = false;
  /** The connection was closed from our side. */
  #isCut = false;
  #hasLeft = false;
  #share: AnswerShare | null = null;
  #controller: AbortController | null = null;
  #whenGone: (() => void) | null = null;
  /** Ends the wait for room. */
  #wake = (): void => undefined;

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

  get forwarded(): ForwardedHeaders | null {
    return this.head.forwarded;
  }

  remote(): Uint8Array {
    return this.#isOver ? new Uint8Array() : new Uint8Array(this.#response.getRemoteAddress());
  }

  /** What is held for the answer. */
  get share(): AnswerShare {
    this.#share ??= this.#parts.answers.begin();
    return this.#share;
  }

  /** Nothing is held for it any more. */
  release(): void {
    this.#share?.release();
    this.#share = null;
  }

  /** Aborts when the client goes away before its answer. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isOver) this.#controller.abort();
    return this.#controller.signal;
  }

  /** Reads the body; `gone` is called instead of a last chunk if the client leaves. A chunk lives for its call. */
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

  /** Answers, once, as the peer takes it; does nothing if the client has gone. */
  answer(answer: HttpAnswer): Promise<void> | undefined {
    const { body } = answer;
    if (body !== null && typeof body === 'object' && 'pieces' in body) return this.#answerInPieces(answer, body);
    const bytes = body === null ? 0 : Buffer.byteLength(body);
    const isLong = bytes >= gzipBytesMin;
    if (body === null || !isLong || !this.head.acceptsGzip) {
      return this.#write(answer, { pieces: body === null ? null : [body], bytes, isLong, isPacked: false });
    }
    const write = (packed: Buffer): Promise<void> | undefined =>
      this.#write(answer, { pieces: [packed], bytes: packed.length, isLong, isPacked: true });
    if (answer.packed !== undefined) return write(answer.packed);
    return bytes <= gzipNowBytesMax ? write(gzipNow(body)) : gzipLater(body).then(write);
  }

  async #answerInPieces(answer: HttpAnswer, { pieces }: AnswerPieces): Promise<void> {
    if (this.head.acceptsGzip && this.head.method !== 'HEAD') {
      const packed = Readable.from(pieces, { objectMode: false }).pipe(createGzip(gzipOptions));
      const headers = { 'content-type': 'application/json', vary: 'Accept-Encoding', 'content-encoding': 'gzip' };
      await this.pour({ pour: packed, headers: { ...headers, ...answer.headers } });
      return;
    }
    const bytes = pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0);
    await this.#write(answer, { pieces, bytes, isLong: true, isPacked: false });
  }

  /** Answers with a stream that goes on. If `open` throws, nothing is answered yet. Nothing if the client has gone. */
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
    out.begin({
      status: '200 OK',
      headers: {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
        ...originHeaders(this.head),
      },
    });
  }

  /**
   * Answers with a body that comes in parts; the next one is asked for when the peer has taken the last. Rejects as
   * they do: before the first one nothing is answered yet, after it the connection is cut, so that no half looks whole.
   */
  async pour({ pour, headers }: PouredAnswer, status = 200): Promise<void> {
    const response = this.#response;
    let hasBegun = false;
    this.#whenGone = () => this.#wake();
    this.#stage = 'pour';
    this.#share?.write(this.#share.bytes, () => this.#cut());
    try {
      for await (const part of pour) {
        if (this.#isOver) return;
        if (!hasBegun) {
          response.onWritable(() => {
            this.#wake();
            return true;
          });
        }
        let hasRoom = false;
        response.cork(() => {
          if (!hasBegun) writeHead(response, this.head, status, headers);
          hasRoom = response.write(part);
        });
        hasBegun = true;
        if (!hasRoom) await this.#room();
        this.#share?.taken(part.length);
        if (this.#isOver) return;
      }
    } catch (error) {
      if (this.#isOver) return;
      if (hasBegun) this.#cut();
      throw error;
    }
    if (this.#isOver) return;
    this.#isOver = true;
    response.cork(() => {
      if (!hasBegun) writeHead(response, this.head, status, headers);
      response.end(undefined, this.#closes);
    });
  }

  /** Undefined where all is written at once. */
  #write(answer: HttpAnswer, content: Content): Promise<void> | undefined {
    if (this.#isOver) return undefined;
    const { pieces, bytes } = content;
    const closes = answer.closes === true || this.#closes;
    if (pieces !== null && closes && bytes > closingBytesMax && this.head.method !== 'HEAD') {
      return this.pour({ pour: Readable.from(pieces), headers: headersOf(answer, content) }, answer.status);
    }
    const isWhole = pieces === null || bytes === 0 || closes || this.head.method === 'HEAD';
    let isDone = isWhole;
    this.#response.cork(() => {
      writeHead(this.#response, this.head, answer.status, headersOf(answer, content));
      if (isWhole) this.#end(content, closes);
      else [, isDone] = this.#response.tryEnd(pieces[0] ?? '', bytes);
    });
    if (!isDone && pieces !== null) return this.#writeOn(pieces, bytes);
    this.#isOver = true;
    return undefined;
  }

  /** At once: an answer without a body, or one behind which the connection closes. */
  #end({ pieces, bytes }: Content, closes: boolean): void {
    const response = this.#response;
    const isBodiless = pieces === null || this.head.method === 'HEAD';
    // A length must be given with the order to close: for `undefined` uWebSockets.js writes one of 2^63.
    if (isBodiless && closes) response.endWithoutBody(bytes, true);
    else if (pieces === null) response.endWithoutBody();
    else if (isBodiless) {
      // Not endWithoutBody(bytes): after that, uWebSockets.js waits for the body and takes no further request.
      response.writeHeader('content-length', String(bytes)).endWithoutBody();
    } else response.end(pieces.length === 1 ? pieces[0] : pieces.join(''), closes);
  }

  /** What the peer did not take at once: the library holds nothing of it, and each piece goes when there is room. */
  async #writeOn(pieces: readonly (string | Buffer)[], bytes: number): Promise<void> {
    const response = this.#response;
    this.#whenGone = () => this.#wake();
    this.#stage = 'pour';
    response.onWritable(() => {
      this.#wake();
      return true;
    });
    let written = response.getWriteOffset();
    this.share.write(bytes - written, () => this.#cut());
    let start = 0;
    for (const piece of pieces) {
      const end = start + Buffer.byteLength(piece);
      while (written < end) {
        if (this.#isOver) return;
        const rest = Buffer.from(piece).subarray(written - start);
        let isTaken = false;
        let isDone = false;
        response.cork(() => {
          [isTaken, isDone] = response.tryEnd(rest, bytes);
        });
        this.#isOver = isDone;
        if (isDone) return;
        const before = written;
        written = response.getWriteOffset();
        this.share.taken(written - before);
        if (isTaken) continue;
        await this.#room();
      }
      start = end;
    }
    this.#isOver = true;
  }

  /** Resolves when the peer has taken something, or is gone. */
  async #room(): Promise<void> {
    const late = setTimeout(() => {
      this.#parts.counters.answersStalled += 1;
      this.#cut();
    }, unreadMs);
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    clearTimeout(late);
  }

  /** Nothing is read behind a request that says nothing of its body's length, nor by a server that stops. */
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
    this.release();
    this.#whenGone?.();
    if (this.#isCut) return;
    this.#hasLeft = true;
    const isGlued = this.#stage === 'answer' && this.#cameIn === currentTurn();
    const during = isGlued ? 'glued' : this.#stage;
    this.#parts.counters.gone[during] += 1;
    this.#parts.log.debug({ during, path: this.head.path }, 'a client left before it had its answer');
  }
}
