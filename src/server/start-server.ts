/**
 * Starts the edge: one uWebSockets.js app that serves HTTP and both WebSocket routes before the parts it is given.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Farewell } from '../../actors/ports.ts';
import { type Identity, nobody } from '../access/identity.ts';
import { lookOften } from '../base/look-often.ts';
import { createAnswerBudget } from './answer-budget.ts';
import { createAuthenticator } from './authenticate.ts';
import { createAuthenticatingPlaces } from './authenticating-places.ts';
import { connectionTools, farewellFor, farewellOf, type OpenConnection } from './connection.ts';
import { boundConnections } from './connection-bound.ts';
import type { ServerCounters } from './counters.ts';
import { type EdgeApp, openEdgeApp } from './edge-app.ts';
import { EdgeAudit } from './edge-audit.ts';
import { Exchange } from './exchange.ts';
import { FramePressure, type PressedPeer } from './frame-pressure.ts';
import { handleRequest, type RequestTools } from './handle-request.ts';
import { limitHeads } from './limit-heads.ts';
import { OpenConnections } from './open-connections.ts';
import { originPolicy } from './origins.ts';
import type { ServerOptions, ServerParts } from './parts.ts';
import { addressReader } from './public-address.ts';
import { createBodyReader } from './read-body.ts';
import { refuseDoubtful } from './refuse-head.ts';
import { type AddressOfPath, readHead } from './request-head.ts';
import { retryAfterMs } from './retry-spread.ts';
import { mayLink, socketRoutes } from './route-table.ts';
import type { AppTally } from './serving-apps.ts';
import { type SubscriberLoad, subscriberLoad } from './subscriber-load.ts';
import { startSweep } from './sweep.ts';
import { unseenMemory } from './unseen-memory.ts';
import { type HttpRequest, type HttpResponse, type LoadedUws, loadUws, type TemplatedApp } from './uws.ts';
import { refuseOtherWebSockets, type SocketTools, serveWebSocket } from './websocket.ts';

export interface RunningServer {
  readonly port: number;
  /** As of now, over all open sockets. */
  subscriberLoad(): SubscriberLoad;
  /** Takes no new connection, and no new WebSocket on old ones; those that are open go on. Idempotent. */
  stopListening(): void;
  /** Ends every WebSocket; producers' events are made durable first. */
  closeSockets(code: number, reason: string): void;
  /** Waits up to `requestsMs` for requests under way, then cuts off what is left. */
  close(requestsMs?: number): Promise<void>;
}

const requestsMsDefault = 2000;
const pollMs = 10;
const lingerMs = 200;
/** However little room there is for heads, so many may come at once. */
const unknownMin = 64;

/** Resolves when it listens. Throws StartRefused where no binary runs here or the port cannot be had. */
export async function startServer(parts: ServerParts): Promise<RunningServer> {
  const { options } = parts;
  limitHeads(options.headBytesMax);
  const library = loadUws(options.dataDir);
  if (library.warning !== null) parts.log.warn(library.warning);
  let isStopping = false;
  let hasClosedSockets = false;

  const sockets = socketTools(parts, () => isStopping);
  const { open, places, sweep } = sockets;
  const endPressure = watchFrames(open, options, parts.counters);
  const { authenticator, audit } = sockets.connection;
  const { readAddress, policy } = sockets;
  const tools = { parts, authenticator, bodies: createBodyReader(options), streams: sockets, readAddress, policy };
  const requests = requestAnswerer(parts, tools, () => isStopping);
  const edge = await openEdge(library, parts, { sockets, requests }).catch((error: unknown) => {
    stopWatching();
    throw error;
  });

  const losses = parts.intake.lost$.subscribe((loss) => {
    for (const connection of [...open]) connection.recordsLost(loss);
  });

  const ended = parts.credentials.onChange(() => endTheEnded(open, parts, audit));

  function stopWatching(): void {
    sweep.stop();
    audit.stop();
    endPressure();
  }

  function stopListening(): void {
    isStopping = true;
    edge.stop();
    places.stop();
  }

  return {
    port: edge.port,
    subscriberLoad: () => subscriberLoad(open),
    stopListening,
    closeSockets: (code, reason) => {
      hasClosedSockets ||= open.size > 0;
      stopAll([...open], { code, reason, failure: 'shuttingDown' });
    },
    close: async (requestsMs = requestsMsDefault) => {
      stopListening();
      for (let waitedMs = 0; requests.underWay > 0 && waitedMs < requestsMs; waitedMs += pollMs) await wait(pollMs);
      // A close frame that has just been sent would be lost with the connection.
      if (hasClosedSockets) await wait(lingerMs);
      losses.unsubscribe();
      ended();
      stopWatching();
      edge.close();
    },
  };
}

/** Listens, with all routes on each app that it makes. */
function openEdge(
  library: LoadedUws,
  { options, log, counters }: ServerParts,
  { sockets, requests }: { readonly sockets: SocketTools; readonly requests: RequestAnswerer },
): Promise<EdgeApp> {
  const furnish = (app: TemplatedApp, tally: AppTally): void => {
    const { bound } = sockets;
    const webSocketClosed = (): void => {
      tally.connections(-1);
      bound.webSocketClosed();
    };
    const ofApp = { ...sockets, bound: { ...bound, webSocketClosed } };
    bound.watch(app, tally.connections);
    for (const route of socketRoutes) serveWebSocket(app, route, ofApp);
    refuseOtherWebSockets(app, ofApp);
    requests.serve(app);
  };
  const isShared = (): boolean => counters.connections > 1;
  const { apps } = sockets.topics;
  return openEdgeApp(library, { ...options, tls: options.tls ?? null, log, apps, furnish, isShared });
}

/** Closes what belongs to a credential that holds no more. */
function endTheEnded(open: ReadonlySet<OpenConnection>, { credentials }: ServerParts, audit: EdgeAudit): void {
  const ended = new Map<Identity, number>();
  for (const connection of [...open]) {
    const { identity } = connection;
    if (identity === nobody || !credentials.hasEnded(identity)) continue;
    connection.stop(endedFarewell, null);
    ended.set(identity, (ended.get(identity) ?? 0) + 1);
  }
  for (const [identity, connections] of ended) audit.ended(identity, connections);
}

const endedFarewell = farewellFor('unauthorized', 'The credential has ended');

function socketTools(parts: ServerParts, isStopping: () => boolean): SocketTools {
  const { options, counters } = parts;
  const open = new OpenConnections();
  const limits = {
    ...{ connectionsMax: parts.connectionsMax, descriptorsLeft: parts.descriptorsLeft },
    unknownMax: Math.max(unknownMin, Math.floor(options.headsBytesMax / options.headBytesMax)),
    known: () => open.size + counters.handshakesWaiting,
    isSecure: options.tls != null,
  };
  return {
    connection: connectionTools(parts, createAuthenticator(parts.credentials), new EdgeAudit(parts)),
    topics: parts.topics,
    sweep: startSweep(options.pingMs, (error) => farewellOf(error, parts)),
    open,
    readAddress: addressReader({ ...options, isSecure: options.tls != null }),
    policy: originPolicy(options.corsOrigins, parts.credentials),
    places: createAuthenticatingPlaces(options.authenticatingMax, counters),
    bound: boundConnections(limits, counters),
    isStopping,
  };
}

function stopAll(clients: readonly OpenConnection[], farewell: Farewell): void {
  for (const [nth, client] of clients.entries()) client.stop(farewell, retryAfterMs(nth, clients.length));
}

interface RequestAnswerer {
  /** Requests under way. */
  readonly underWay: number;
  serve(app: TemplatedApp): void;
}

/** Answers every request that is no handshake. */
function requestAnswerer(
  parts: ServerParts,
  tools: RequestTools & Pick<SocketTools, 'readAddress' | 'policy'>,
  isStopping: () => boolean,
): RequestAnswerer {
  const { options, counters } = parts;
  const hsts = hstsOf(options);
  const { readAddress, policy } = tools;
  const addressOf: AddressOfPath = (path, ...request) => (mayLink(path) ? readAddress(...request) : '');
  const exchangeParts = { ...parts, answers: createAnswerBudget(options.answersBytesMax, counters) };
  const answer = (response: HttpResponse, request: HttpRequest): void => {
    const head = readHead(request, response, addressOf, policy, hsts);
    if (head.doubt !== null) {
      refuseDoubtful(response, head.doubt, parts);
      return;
    }
    requests.underWay += 1;
    const exchange = new Exchange(response, head, exchangeParts, isStopping);
    // It never rejects.
    void handleRequest(exchange, tools).then(() => {
      exchange.release();
      requests.underWay -= 1;
    });
  };
  const requests = { underWay: 0, serve: (app: TemplatedApp) => void app.any('/*', answer) };
  return requests;
}

/** Empty without TLS, where browsers must not heed it. */
function hstsOf({ tls, hstsSeconds }: ServerOptions): string {
  return tls == null || !hstsSeconds ? '' : `max-age=${hstsSeconds}`;
}

/** While peers are asked whether they are within a message. */
const pressedLookMs = 50;

/** Looks a few times a second at what the messages of all sockets take, and more often where that is too much. */
function watchFrames(
  open: ReadonlySet<OpenConnection>,
  { framesBytesMax, frameBytesMax }: ServerOptions,
  counters: ServerCounters,
): () => void {
  const unseenBytes = unseenMemory();
  function* peers(): Generator<PressedPeer> {
    for (const { pressed } of open) if (pressed !== null) yield pressed;
  }
  const pressure = new FramePressure(
    {
      unseenBytes(isExact) {
        const bytes = unseenBytes(isExact);
        // What waits to be read is bounded elsewhere, and is looked at only where it matters.
        return bytes <= framesBytesMax ? bytes : bytes - subscriberLoad(open).bufferedBytesSum;
      },
      peers,
      ended: () => {
        counters.pressed += 1;
      },
      nowMs: () => performance.now(),
    },
    { bytesMax: framesBytesMax, frameBytesMax },
  );
  let soon: NodeJS.Timeout | undefined;
  const look = (): void => {
    clearTimeout(soon);
    pressure.look();
    if (pressure.isAsking) soon = setTimeout(look, pressedLookMs).unref();
  };
  const stopLooking = lookOften(look);
  return () => {
    stopLooking();
    clearTimeout(soon);
  };
}
