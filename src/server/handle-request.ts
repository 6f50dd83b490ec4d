/**
 * One HTTP request from head to answer, in Prefect's order: CORS preflight, credentials, route, slash, method, body.
 * Nothing that a route throws gets past this file.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Allowance } from '../access/allowance.ts';
import { type Identity, nobody } from '../access/identity.ts';
import { Failure } from '../base/errors.ts';
import type { Authenticator, Soon } from './authenticate.ts';
import type { Exchange } from './exchange.ts';
import { type FoundPath, routeFor } from './find-route.ts';
import {
  failed,
  type HttpAnswer,
  internalError,
  json,
  lacksRight,
  methodNotAllowed,
  notFound,
  unauthorized,
} from './http-answer.ts';
import type { ServerParts } from './parts.ts';
import type { BodyReader } from './read-body.ts';
import { isJsonType, isUnframed, type RequestHead } from './request-head.ts';
import type { Route, RouteAnswer, StreamTools } from './route.ts';
import { findRoute } from './route-table.ts';
import { originHeaders } from './write-head.ts';

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
  const question: Question = { allowance: null, identity: null, route: null };
  try {
    const soon = answerTo(exchange, tools, question);
    const given = soon instanceof Promise ? await soon : soon;
    if (given !== null && 'stream' in given) {
      exchange.stream((out) => given.stream(out, tools.streams));
      tools.streams.connection.audit.connected(question.identity ?? nobody, nameOf(question.route), exchange);
    } else if (given !== null && 'pour' in given) await exchange.pour(given);
    else answer = given;
  } catch (error) {
    if (exchange.hasLeft && isOfLeaving(error)) return;
    answer = answerFailure(error, tools.parts);
  } finally {
    question.allowance?.endQuery();
  }
  try {
    if (answer !== null && (answer.status === 401 || answer.status === 403)) tellRefusal(exchange, question, tools);
  } catch (error) {
    counters.faults += 1;
    log.error({ err: error, path: exchange.head.path }, 'A refusal could not be written into the audit log');
  }
  try {
    // What came behind it in the same read then ends the connection: the library closes it while an answer is awaited.
    if (isUnframed(exchange.head)) await nextTurn();
    const writing = answer === null ? undefined : exchange.answer(answer);
    if (writing !== undefined) await writing;
  } catch (error) {
    log.error({ err: error, path: exchange.head.path }, 'An answer could not be written');
  }
}

/** Who asks for what, once that is known. */
interface Question {
  /** What it takes of its token's limit until it is answered; null for nothing. */
  allowance: Allowance | null;
  identity: Identity | null;
  route: Route | null;
}

function nameOf(route: Route | null): string {
  return route === null ? 'no route' : `${route.method} ${route.path}`;
}

function tellRefusal(
  exchange: Exchange,
  { identity, route }: Question,
  { authenticator, streams }: RequestTools,
): void {
  const { audit } = streams.connection;
  const refused = { route: nameOf(route), from: exchange };
  if (identity === null) {
    audit.refused({ ...refused, ...authenticator.whyNobody(exchange.head.authorization) });
    return;
  }
  const mayAsk = route?.needs === undefined || identity.rights.has(route.needs);
  audit.refused({ ...refused, identity, why: mayAsk ? 'page, export or resume token' : 'missing right' });
}

function answerTo(exchange: Exchange, tools: RequestTools, question: Question): Soon<RouteAnswer | null> {
  const { head } = exchange;
  if (head.preflightMethod !== '') return preflightAnswer(head);
  const found = findRoute(head.path);
  const file = found === null ? consoleFile(head, tools.parts) : null;
  if (file !== null) return file;
  const route = found === null ? null : routeFor(found.place, head.method);
  question.route = route;
  const identified = tools.authenticator.identify(head.authorization);
  const asked = { exchange, tools, question, found, route, reading: null };
  return identified instanceof Promise ? answerOnceKnown(identified, asked) : answerAs(identified, asked);
}

async function answerOnceKnown(identified: Promise<Identity | null>, asked: Asked): Promise<RouteAnswer | null> {
  const { exchange, tools, route } = asked;
  // Its body comes meanwhile, and would be lost to whoever reads it later.
  const reading = route?.method !== 'POST' ? null : tools.bodies.read(exchange, route.bodyBytesMax);
  reading?.catch(() => undefined);
  const identity = await identified.catch((error: unknown) => {
    dropBody(reading, tools);
    throw error;
  });
  return answerAs(identity, { ...asked, reading });
}

function consoleFile({ method, path }: RequestHead, { console: files }: ServerParts): HttpAnswer | null {
  return method === 'GET' || method === 'HEAD' ? files.answerTo(path) : null;
}

interface Asked {
  readonly exchange: Exchange;
  readonly tools: RequestTools;
  readonly question: Question;
  readonly found: FoundPath | null;
  readonly route: Route | null;
  /** The body, if it is being read already. */
  readonly reading: Promise<Buffer | null> | null;
}

function answerAs(identity: Identity | null, asked: Asked): Soon<RouteAnswer | null> {
  const { exchange, tools, question, found, route, reading } = asked;
  const { head } = exchange;
  question.identity = identity;
  const refusal = refusalOf(identity, route, tools.parts);
  if (refusal !== null) {
    dropBody(reading, tools);
    return refusal;
  }
  if (found === null) return withoutSlash(head) ?? notFound;
  if (route === null) return methodNotAllowed(found.place.allow);
  const { audit } = tools.streams.connection;
  if (identity !== null && audit.isNew(identity, route.needs)) {
    audit.asked(identity, nameOf(route), exchange);
  }
  const { parameter } = found;
  const answer = (body: Buffer): Soon<RouteAnswer> => {
    if (route.asks === true && identity !== null) beginQuestion(asked, identity);
    return route.answer(
      {
        body,
        isJson: isJsonType(head.contentType),
        query: new URLSearchParams(head.query),
        publicUrl: head.publicUrl,
        parameter,
        lastEventId: head.lastEventId,
        origin: head.origin,
        identity: identity ?? nobody,
        open: tools.streams.open,
        signal: () => exchange.signal,
        holds: (bytes) => exchange.share.add(bytes),
      },
      tools.parts,
    );
  };
  if (route.method !== 'POST') return answer(noBody);
  return withBody(reading ?? tools.bodies.read(exchange, route.bodyBytesMax), asked, answer);
}

/** Throws a Failure for one too many. */
function beginQuestion({ question, tools: { parts } }: Asked, identity: Identity): void {
  const allowance = parts.allowances.of(identity);
  const refusal = allowance?.beginQuery() ?? null;
  if (refusal === null) {
    question.allowance = allowance;
    return;
  }
  parts.counters.limited += 1;
  throw refusal;
}

const noBody = Buffer.alloc(0);

/** Null for one who may use the route. */
function refusalOf(identity: Identity | null, route: Route | null, { counters }: ServerParts): HttpAnswer | null {
  if (route?.isOpen === true) return null;
  if (identity === null) {
    counters.unauthorized += 1;
    return unauthorized;
  }
  if (route?.needs === undefined || identity.rights.has(route.needs)) return null;
  counters.forbidden += 1;
  return lacksRight(route.needs);
}

function dropBody(reading: Promise<Buffer | null> | null, { bodies }: RequestTools): void {
  reading?.then(
    (body) => body !== null && bodies.release(body),
    () => undefined,
  );
}

/** Gives a POST its body; null if the client went away before it was whole. */
async function withBody(
  reading: Promise<Buffer | null>,
  { exchange, tools: { bodies, parts } }: Asked,
  answer: (body: Buffer) => Soon<RouteAnswer>,
): Promise<RouteAnswer | null> {
  let body: Buffer | null;
  try {
    body = await reading;
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

function preflightAnswer({ preflightMethod, preflightHeaders, allowOrigin }: RequestHead): HttpAnswer {
  if (allowOrigin === '') return json(400, 'Disallowed CORS origin', { 'content-type': 'text/plain; charset=utf-8' });
  const headers = {
    'content-type': 'text/plain; charset=utf-8',
    ...originHeaders({ allowOrigin }),
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
