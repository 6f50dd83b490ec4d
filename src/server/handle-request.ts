/**
 * One HTTP request from head to answer, in Prefect's order: CORS preflight, credentials, route, slash, method, body.
 * Nothing that a route throws gets past this file.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Failure } from '../base/errors.ts';
import type { Authenticator } from './authenticate.ts';
import type { Exchange } from './exchange.ts';
import { routeFor } from './find-route.ts';
import {
  failed,
  type HttpAnswer,
  internalError,
  json,
  methodNotAllowed,
  notFound,
  unauthorized,
} from './http-answer.ts';
import type { ServerParts } from './parts.ts';
import type { BodyReader } from './read-body.ts';
import { isJsonType, isUnframed, type RequestHead } from './request-head.ts';
import type { Route, RouteAnswer, StreamTools } from './route.ts';
import { findRoute } from './route-table.ts';

export interface RequestTools {
  readonly parts: ServerParts;
  readonly authenticator: Authenticator;
  readonly bodies: BodyReader;
  readonly streams: StreamTools;
}

/** Answers one request; never rejects. */
export async function handleRequest(exchange: Exchange, tools: RequestTools): Promise<void> {
  const { counters, log } = tools.parts;
  counters.requests += 1;
  let answer: HttpAnswer | null = null;
  try {
    const given = await answerTo(exchange, tools);
    if (given !== null && 'stream' in given) exchange.stream((out) => given.stream(out, tools.streams));
    else if (given !== null && 'pour' in given) await exchange.pour(given);
    else answer = given;
  } catch (error) {
    if (exchange.hasLeft && isOfLeaving(error)) return;
    answer = answerFailure(error, tools.parts);
  }
  try {
    // What came behind it in the same read then ends the connection: the library closes it while an answer is awaited.
    if (isUnframed(exchange.head)) await nextTurn();
    if (answer !== null) await exchange.answer(answer);
  } catch (error) {
    log.error({ err: error, path: exchange.head.path }, 'An answer could not be written');
  }
}

async function answerTo(exchange: Exchange, tools: RequestTools): Promise<RouteAnswer | null> {
  const { head } = exchange;
  if (head.preflightMethod !== '') return preflightAnswer(head);
  const isAuthorized = tools.authenticator.admitsHeader(head.authorization);
  const found = findRoute(head.path);
  const route = found === null ? null : routeFor(found.place, head.method);
  if (!isAuthorized && route?.isOpen !== true) {
    tools.parts.counters.unauthorized += 1;
    return unauthorized;
  }
  if (found === null) return withoutSlash(head) ?? notFound;
  if (route === null) return methodNotAllowed(found.place.allow);
  const { parameter } = found;
  return withBody(exchange, tools, route, (body) =>
    route.answer(
      {
        body,
        isJson: isJsonType(head.contentType),
        query: new URLSearchParams(head.query),
        publicUrl: head.publicUrl,
        parameter,
        lastEventId: head.lastEventId,
        isAuthorized,
        signal: () => exchange.signal,
        holds: (bytes) => exchange.share.add(bytes),
      },
      tools.parts,
    ),
  );
}

const noBody = Buffer.alloc(0);

/** Gives a POST its body; null if the client went away before it was whole. */
async function withBody(
  exchange: Exchange,
  { bodies, parts }: RequestTools,
  route: Route,
  answer: (body: Buffer) => RouteAnswer | Promise<RouteAnswer>,
): Promise<RouteAnswer | null> {
  if (route.method === 'GET') return answer(noBody);
  let body: Buffer | null;
  try {
    body = await bodies.read(exchange, route.bodyBytesMax);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    parts.counters.bodiesRefused += 1;
    return { ...failed(error), closes: true };
  }
  // A trailer in the same read ends the connection with an error: then nothing may have been done.
  if (exchange.head.isChunked) await nextTurn();
  if (body === null) return null;
  try {
    return exchange.hasLeft ? null : await answer(body);
  } finally {
    bodies.release(body);
  }
}

/** What work fails with that was given up because its client had gone. */
function isOfLeaving(error: unknown): boolean {
  return error instanceof Failure || (error instanceof Error && error.name === 'AbortError');
}

function answerFailure(error: unknown, { counters, log }: ServerParts): HttpAnswer {
  if (error instanceof Failure && error.failure !== 'internal') return failed(error);
  counters.faults += 1;
  log.error({ err: error }, 'A request failed');
  return internalError;
}

const methods = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

function preflightAnswer({ preflightMethod, preflightHeaders }: RequestHead): HttpAnswer {
  const headers = {
    'content-type': 'text/plain; charset=utf-8',
    'access-control-allow-origin': '*',
    'access-control-allow-methods': methods.join(', '),
    'access-control-max-age': '600',
    ...(preflightHeaders === '' ? {} : { 'access-control-allow-headers': preflightHeaders }),
  };
  return methods.includes(preflightMethod) ? json(200, 'OK', headers) : json(400, 'Disallowed CORS method', headers);
}

/** Where a known path with slashes behind it is sent on to. */
function withoutSlash({ path, query, publicUrl }: RequestHead): HttpAnswer | null {
  let end = path.length;
  while (path[end - 1] === '/') end -= 1;
  const target = path.slice(0, end);
  if (target === path || findRoute(target) === null) return null;
  return json(307, '', { location: `${publicUrl}${target}${query === '' ? '' : `?${query}`}` });
}
