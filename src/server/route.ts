/**
 * What a route is: a method, and a request turned into an answer.
 */
import type { HttpAnswer } from './http-answer.ts';
import type { ServerParts } from './parts.ts';

export interface RouteRequest {
  /** Empty for GET. */
  readonly body: Buffer;
  /** False where the content type makes the body count as one string. */
  readonly isJson: boolean;
  readonly query: URLSearchParams;
  readonly host: string;
  /** The variable part of the path, decoded; empty for a fixed one. */
  readonly parameter: string;
  readonly isAuthorized: boolean;
  readonly signal: () => AbortSignal;
}

export interface Route {
  readonly method: 'GET' | 'POST';
  /** Answers without credentials too. */
  readonly isOpen?: true;
  /** Where a body may have less than the setting allows. */
  readonly bodyBytesMax?: number;
  /** May throw or reject with a Failure. */
  readonly answer: (request: RouteRequest, parts: ServerParts) => HttpAnswer | Promise<HttpAnswer>;
}
