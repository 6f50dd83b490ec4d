/**
 * The head of a request as a plain value: uWebSockets.js lets it be read only until its handler returns.
 */
import type { ReadAddress } from './public-address.ts';
import type { HttpRequest, HttpResponse } from './uws.ts';

export interface RequestHead {
  /** Upper case. */
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  readonly query: string;
  /** What links in its answer begin with (public-address.ts); empty where no answer has links. */
  readonly publicUrl: string;
  readonly hasOrigin: boolean;
  readonly authorization: string;
  readonly acceptsGzip: boolean;
  readonly contentType: string;
  /** Null if it was not sent. */
  readonly contentLength: number | null;
  /** What an event stream goes on behind; empty if it was not sent. */
  readonly lastEventId: string;
  /** The method that a CORS preflight asks for, and the headers; empty if this is none. */
  readonly preflightMethod: string;
  readonly preflightHeaders: string;
}

export function readHead(req: HttpRequest, res: HttpResponse, readAddress: ReadAddress): RequestHead {
  const contentLength = req.getHeader('content-length');
  const hasOrigin = req.getHeader('origin') !== '';
  const isPreflight = hasOrigin && req.getMethod() === 'options';
  const path = req.getUrl();
  return {
    method: req.getMethod().toUpperCase(),
    path,
    query: req.getQuery() ?? '',
    publicUrl: mayLink(path) ? readAddress(req, res) : '',
    hasOrigin,
    authorization: req.getHeader('authorization'),
    acceptsGzip: req.getHeader('accept-encoding').includes('gzip'),
    contentType: req.getHeader('content-type'),
    contentLength: contentLength === '' ? null : Number(contentLength),
    lastEventId: req.getHeader('last-event-id'),
    preflightMethod: isPreflight ? req.getHeader('access-control-request-method') : '',
    preflightHeaders: isPreflight ? req.getHeader('access-control-request-headers') : '',
  };
}

/** Pages link to the next one, and a path with a slash behind it is sent on. Requests that bring events pay for neither. */
function mayLink(path: string): boolean {
  return path.endsWith('/') || path.includes('/filter');
}

/** `application/json`, `application/…+json`, or none at all; any other body counts as one string (PROTOCOL-FACTS §1). */
export function isJsonType(contentType: string): boolean {
  if (contentType === '') return true;
  const [type = ''] = contentType.split(';');
  return /^application\/(json|.+\+json)$/i.test(type.trim());
}
