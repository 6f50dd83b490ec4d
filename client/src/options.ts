/** What `connect` is given, and what of it concerns every part. */
import type { SocketClass } from './socket-port.ts';

export interface ConnectOptions {
  /** `http://host:port`, or a list of which the next is tried when one fails. `/api` is added unless it ends so. */
  readonly url: string | readonly string[];
  /** The auth string; a function is asked before each connection, and once more after a 401. */
  readonly token?: Token | undefined;
  /** Default: the platform's. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Default: `ws` in Node, the browser's own there. */
  readonly WebSocket?: SocketClass | undefined;
  readonly retry?: RetryOptions | undefined;
}

export type Token = string | null | (() => string | null | Promise<string | null>);

/** The nth wait is random between 0 and `firstMs` doubled n times, at most `longestMs`; a server may ask for more. */
export interface RetryOptions {
  /** Default 200. */
  readonly firstMs?: number | undefined;
  /** Default 30,000. */
  readonly longestMs?: number | undefined;
  /** Failures in a row until it throws. Default 6 for requests, no end for subscriptions and publishers. */
  readonly attemptsMax?: number | undefined;
}
