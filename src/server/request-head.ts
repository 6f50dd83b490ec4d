/**
 * The head of a request as a plain value: uWebSockets.js lets it be read only until its handler returns.
 */
import type { ForwardedHeaders } from './forwarded.ts';
import { readFields } from './head-fields.ts';
import { judgeHead } from './judge-head.ts';
import type { OriginPolicy } from './origins.ts';
import type { ReadAddress } from './public-address.ts';
import type { HttpRequest, HttpResponse } from './uws.ts';

export interface RequestHead {
  /** As sent. */
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  readonly query: string;
  /** What links in its answer begin with (public-address.ts); empty where no answer has links. */
  readonly publicUrl: string;
  /** What `access-control-allow-origin` says: `*` or the page's origin; empty where there is none, or it may not. */
  readonly allowOrigin: string;
  /** What `strict-transport-security` says; empty for none. */
  readonly hsts: string;
  readonly authorization: string;
  /** What proxies said. */
  readonly forwarded: ForwardedHeaders | null;
  readonly acceptsGzip: boolean;
  readonly contentType: string;
  /** As sent: how the body is packed; empty if it is not. */
  readonly contentCoding: string;
  /** Null if it was not sent. */
  readonly contentLength: number | null;
  readonly isChunked: boolean;
  /** What an event stream goes on behind; empty if it was not sent. */
  readonly lastEventId: string;
  /** Where events come from: `prefect` or `sluice`; empty if it was not sent. */
  readonly origin: string;
  /** The method that a CORS preflight asks for, and the headers; empty if this is none. */
  readonly preflightMethod: string;
  readonly preflightHeaders: string;
  /** Why it can be read in more than one way, as a sentence; null if it cannot. */
  readonly doubt: string | null;
}

/** What links in the answer begin with; empty for a path whose answers have none. */
export type AddressOfPath = (path: string, ...request: Parameters<ReadAddress>) => string;

export function readHead(
  request: HttpRequest,
  response: HttpResponse,
  addressOf: AddressOfPath,
  policy: OriginPolicy,
  hsts = '',
): RequestHead {
  const fields = readFields(request);
  const { values } = fields;
  const method = request.getCaseSensitiveMethod();
  const length = values['content-length'];
  const hasOrigin = values.origin !== undefined && values.origin !== '';
  const isPreflight = hasOrigin && method === 'OPTIONS';
  const path = request.getUrl();
  return {
    method,
    path,
    query: request.getQuery() ?? '',
    publicUrl: addressOf(path, fields, response),
    allowOrigin: policy(values.origin ?? ''),
    hsts,
    authorization: values.authorization ?? '',
    forwarded: fields.forwarded,
    acceptsGzip: values['accept-encoding']?.includes('gzip') === true,
    contentType: values['content-type'] ?? '',
    contentCoding: codingOf(values['content-encoding']),
    contentLength: length === undefined ? null : Number(length),
    isChunked: fields.codings > 0,
    lastEventId: values['last-event-id'] ?? '',
    origin: values['sluice-origin'] ?? '',
    preflightMethod: (isPreflight && values['access-control-request-method']) || '',
    preflightHeaders: (isPreflight && values['access-control-request-headers']) || '',
    doubt: judgeHead(method, fields),
  };
}

function codingOf(sent = ''): string {
  return sent.toLowerCase() === 'identity' ? '' : sent;
}

/**
 * No length, and not chunked: there is no body then, unless the length was hidden from us. For the library ends a head
 * at a field without a name.
 */
export function isUnframed({ method, contentLength, isChunked }: RequestHead): boolean {
  return contentLength === null && !isChunked && method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS';
}

/**
 * `application/json`, `application/…+json`, or none at all; any other body counts as one string
 * (docs/prefect-facts.md, "Answers over HTTP").
 */
export function isJsonType(contentType: string): boolean {
  if (contentType === '' || contentType === 'application/json') return true;
  const [type = ''] = contentType.split(';');
  return /^application\/(json|.+\+json)$/i.test(type.trim());
}
