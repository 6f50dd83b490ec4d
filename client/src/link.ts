/**
 * One WebSocket from its handshake to its end: it authenticates, hands on what comes, notices silence, and says once
 * how it ended. It never comes back by itself.
 */
import { type AuthSuccessFrame, authMessage, type ErrorFrame, type RetryFrame } from '../../schemas/wire.ts';
import type { Endpoints } from './endpoints.ts';
import { asSluiceError, isRetryableClose, isRetryableStatus, SluiceError } from './errors.ts';
import type { SocketClass, SocketPort } from './socket-port.ts';

export interface LinkListener {
  /** Authenticated. `acks`: the server has the extensions of Sluice. */
  opened(link: Link, server: { readonly acks: boolean }): void;
  /** A message other than those of the link itself. */
  received(text: string): void;
  /** Whether the server owes something, so that its silence means that it is gone. */
  isWaiting(): boolean;
  /** Once; nothing comes after it. `wasOpen`: it had authenticated. */
  ended(error: SluiceError, wasOpen: boolean): void;
}

export interface LinkParts {
  readonly endpoints: Endpoints;
  readonly WebSocket: SocketClass;
}

/** A handshake may wait for a place in the server for nine seconds. */
const openMsMax = 20_000;
/** Of heartbeats without any. */
const silentBeats = 2.5;
const garbled = { failure: 'garbled', retryable: true };
const openState = 1;
const errorHead = '{"type":"error"';
const retryHead = '{"type":"retry"';

export class Link {
  readonly #listener: LinkListener;
  readonly #endpoints: Endpoints;
  #socket: SocketPort | null = null;
  #isOpen = false;
  #isOver = false;
  #isPaused = false;
  #error: SluiceError | null = null;
  #retryAfterMs: number | undefined;
  #heard = true;
  #silentTicks = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor({ endpoints, WebSocket }: LinkParts, path: string, listener: LinkListener) {
    this.#listener = listener;
    this.#endpoints = endpoints;
    this.#watch(openMsMax / silentBeats);
    endpoints.token().then(
      (token) => this.#open(WebSocket, `${endpoints.socketBase}${path}`, token),
      (error: unknown) =>
        this.#end(new SluiceError(String(error), { failure: 'token', retryable: false }, { cause: error })),
    );
  }

  /** Whether reading can be stopped so that the server feels it. */
  get canPause(): boolean {
    return typeof this.#socket?.pause === 'function';
  }

  send(text: string): void {
    if (this.#socket?.readyState === openState) this.#socket.send(text);
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket?.pause?.();
  }

  resume(): void {
    this.#isPaused = false;
    this.#heard = true;
    this.#socket?.resume?.();
  }

  /** Ends it from this side; `ended` is not called. */
  close(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
    // While it is paused the answer would never be read.
    if (this.#isPaused) this.#socket?.resume?.();
    this.#socket?.close(1000);
  }

  #open(WebSocket: SocketClass, url: string, token: string | null): void {
    if (this.#isOver) return;
    const socket = new WebSocket(url, ['prefect']);
    this.#socket = socket;
    socket.onopen = () => socket.send(authMessage(token, true, true));
    socket.onclose = ({ code, reason }) => this.#end(this.#failureOf(code, reason));
    socket.onerror = (event: { readonly message?: unknown; readonly error?: unknown }) => this.#note(event);
    if (typeof socket.on === 'function') {
      // Without an event object for each message.
      socket.on('message', (data) => this.#received(String(data)));
      socket.on('ping', () => {
        this.#heard = true;
      });
    } else {
      socket.onmessage = ({ data }) => this.#received(String(data));
    }
  }

  #received(text: string): void {
    this.#heard = true;
    if (this.#isOver) return;
    try {
      if (!this.#isOpen) this.#answered(text);
      else if (text.startsWith(errorHead)) this.#errorCame(JSON.parse(text));
      else if (text.startsWith(retryHead)) this.#retryCame(JSON.parse(text));
      else this.#listener.received(text);
    } catch (error) {
      // What stands between has garbled it, or somebody else answers at this address.
      this.#breakOff(new SluiceError('A message is none of this protocol', garbled, { cause: error }));
    }
  }

  #answered(text: string): void {
    if (text.startsWith(errorHead)) {
      this.#errorCame(JSON.parse(text));
      return;
    }
    const { type, acks, heartbeat_ms: heartbeatMs }: AuthSuccessFrame = JSON.parse(text);
    if (type !== 'auth_success') return;
    this.#isOpen = true;
    if (heartbeatMs === undefined) clearInterval(this.#timer);
    else this.#watch(heartbeatMs);
    this.#listener.opened(this, { acks: acks === true });
  }

  #errorCame({ failure, reason, retry_after_ms: retryAfterMs }: ErrorFrame): void {
    this.#error = new SluiceError(reason, { failure, retryable: retryAfterMs !== undefined, retryAfterMs });
  }

  #retryCame({ after_ms: afterMs }: RetryFrame): void {
    this.#retryAfterMs = afterMs;
  }

  /** Half a beat is the grain: silence is noticed after 2.5 to 3 of them. */
  #watch(beatMs: number): void {
    clearInterval(this.#timer);
    this.#silentTicks = 0;
    this.#timer = setInterval(() => {
      this.#silentTicks =
        this.#heard || this.#isPaused || (this.#isOpen && !this.#listener.isWaiting()) ? 0 : this.#silentTicks + 1;
      this.#heard = false;
      if (this.#silentTicks < silentBeats * 2) return;
      this.#breakOff(new SluiceError('The server is silent', { failure: 'silent', retryable: true }));
    }, beatMs / 2);
  }

  /** Without waiting for the other end. */
  #breakOff(error: SluiceError): void {
    const socket = this.#socket;
    this.#end(error);
    if (socket?.terminate === undefined) socket?.close();
    else socket.terminate();
  }

  /** `ws` says in an error's message how the handshake was refused; a browser says nothing. */
  #note({ message, error }: { readonly message?: unknown; readonly error?: unknown }): void {
    // Its close says 1006, as where nobody listens.
    if (/certificate/.test(String(message))) this.#error ??= asSluiceError(error);
    const status = Number(/Unexpected server response: (\d+)/.exec(String(message))?.[1] ?? 0);
    if (status === 0) return;
    const retryable = isRetryableStatus(status);
    const facts = { failure: 'handshakeRefused', status, retryable };
    this.#error ??= new SluiceError(`The handshake was refused: ${status}`, facts);
  }

  #failureOf(code: number, reason: string): SluiceError {
    if (this.#error !== null) return this.#error;
    const isToken = code === 1008 && !this.#isOpen;
    return new SluiceError(`The connection was closed: ${code} ${reason}`.trim(), {
      failure: isToken ? 'unauthorized' : 'closed',
      code,
      retryable: isRetryableClose(code),
      retryAfterMs: this.#retryAfterMs,
    });
  }

  #end(error: SluiceError): void {
    clearInterval(this.#timer);
    if (this.#isOver) return;
    this.#isOver = true;
    if (!this.#isOpen) this.#endpoints.moveOn();
    this.#listener.ended(error, this.#isOpen);
  }
}
