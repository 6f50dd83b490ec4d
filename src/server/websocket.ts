/**
 * The WebSocket side of uWebSockets.js: handshake (docs/prefect-facts.md, "The handshake of a WebSocket"), and handlers
 * that hand everything to a connection. Whatever a connection throws ends that connection only (close 1011), never the
 * process.
 */
import { STATUS_CODES } from 'node:http';
import type { Farewell } from '../../actors/ports.ts';
import { nobody } from '../access/identity.ts';
import { type FailureName, failures } from '../base/errors.ts';
import type { AuthenticatingPlaces, PlaceHolder, WaitingHandshake } from './authenticating-places.ts';
import { type Connection, farewellOf } from './connection.ts';
import type { ConnectionBound } from './connection-bound.ts';
import type { ForwardedHeaders } from './forwarded.ts';
import { readFields } from './head-fields.ts';
import { judgeHandshake } from './judge-head.ts';
import { mayConnect, type OriginPolicy } from './origins.ts';
import type { ReadAddress } from './public-address.ts';
import { refuseDoubtful } from './refuse-head.ts';
import type { Connect, SocketRoute, StreamTools } from './route.ts';
import { Socket } from './socket.ts';
import type { Topics } from './topics.ts';
import type {
  HttpRequest,
  HttpResponse,
  TemplatedApp,
  us_socket_context_t,
  WebSocket,
  WebSocketBehavior,
} from './uws.ts';

/** Rides on each socket. */
interface SocketData {
  readonly isLegacy: boolean;
  /** What proxies said. */
  readonly forwarded: ForwardedHeaders | null;
  /** Pings since nothing waited for the peer: their pongs wait in memory. */
  unreadPongs: number;
  /** While it authenticates. */
  place: PlaceHolder | null;
  /** Both null until it is open. */
  socket: Socket | null;
  connection: Connection | null;
}

/**
 * A peer that pings on and reads nothing would fill our memory with pongs: of 131 bytes at most, so 1.3 MB a socket
 * (I4).
 */
const unreadPongsMax = 10_000;

export interface SocketTools extends StreamTools {
  readonly topics: Topics;
  readonly places: AuthenticatingPlaces;
  readonly bound: ConnectionBound;
  readonly readAddress: ReadAddress;
  readonly policy: OriginPolicy;
}

/** Serves one WebSocket route at its path with and without `/api`. */
export function serveWebSocket(
  app: TemplatedApp,
  { path, messageBytesMax, connect }: SocketRoute,
  tools: SocketTools,
): void {
  const { frameBytesMax } = tools.connection.parts.options;
  const behavior = behaviorOf(tools, Math.min(frameBytesMax, messageBytesMax ?? frameBytesMax), { path, connect });
  app.ws(`/api${path}`, behavior);
  app.ws(path, behavior);
}

/** Any other WebSocket path is refused before the upgrade. */
export function refuseOtherWebSockets(app: TemplatedApp, { connection }: SocketTools): void {
  app.ws('/*', {
    upgrade: (response, request) => {
      const doubt = judgeHandshake(request.getCaseSensitiveMethod(), readFields(request));
      if (doubt === null) refuseUpgrade(response, 'forbidden');
      else refuseDoubtful(response, doubt, connection.parts);
    },
  });
}

function behaviorOf(
  tools: SocketTools,
  frameBytesMax: number,
  route: Pick<SocketRoute, 'path' | 'connect'>,
): WebSocketBehavior<SocketData> {
  const { parts } = tools.connection;

  /** The one place where handlers run: a throw costs this connection only. */
  function run(webSocket: WebSocket<SocketData>, work: (connection: Connection) => void): void {
    const { connection } = webSocket.getUserData();
    if (connection === null) return;
    try {
      work(connection);
    } catch (error) {
      endAfterFault(webSocket.getUserData(), farewellOf(error, parts));
    }
  }

  return {
    // Liveness is judged by our own sweep: uWebSockets.js would cut off a slow reader after 16 s.
    idleTimeout: 0,
    sendPingsAutomatically: false,
    compression: 0,
    maxBackpressure: 0,
    maxLifetime: 0,
    maxPayloadLength: frameBytesMax,
    upgrade: (response, request, context) => upgrade(response, request, context, { tools, path: route.path }),
    open: (webSocket) => opened(webSocket, tools, route.connect),
    message: (webSocket, message, isBinary) =>
      run(webSocket, (connection) => {
        connection.received(Buffer.from(message), isBinary);
      }),
    ping: (webSocket) => {
      const data = webSocket.getUserData();
      data.unreadPongs = webSocket.getBufferedAmount() === 0 ? 0 : data.unreadPongs + 1;
      // Broken off, for a close frame would wait behind them.
      if (data.unreadPongs > unreadPongsMax) webSocket.close();
      else run(webSocket, (connection) => connection.pinged());
    },
    pong: (webSocket) => run(webSocket, (connection) => connection.ponged()),
    drain: (webSocket) => run(webSocket, (connection) => connection.drained()),
    close: (webSocket) => {
      const data = webSocket.getUserData();
      const { socket, connection } = data;
      tools.bound.webSocketClosed();
      leavePlace(data, tools);
      socket?.closed();
      if (connection === null) return;
      tools.open.delete(connection);
      tools.sweep.remove(connection);
      run(webSocket, () => connection.closed());
    },
  };
}

function opened(webSocket: WebSocket<SocketData>, tools: SocketTools, connect: Connect): void {
  const data = webSocket.getUserData();
  const socket = new Socket(webSocket, tools.topics, data.forwarded);
  data.socket = socket;
  try {
    const connection = connect(socket, tools.connection, data.isLegacy);
    data.connection = connection;
    connection.whenAdmitted(() => leavePlace(data, tools));
    tools.open.add(connection);
    tools.sweep.add(connection);
  } catch (error) {
    endAfterFault(data, farewellOf(error, tools.connection.parts));
  }
}

function endAfterFault({ socket }: SocketData, farewell: Farewell): void {
  try {
    socket?.end(farewell);
  } catch {
    // It has closed meanwhile.
  }
}

/** All of a request's head is read at once: the request is gone when its handler returns. */
function upgrade(
  response: HttpResponse,
  request: HttpRequest,
  context: us_socket_context_t,
  { tools, path }: { readonly tools: SocketTools; readonly path: string },
): void {
  const fields = readFields(request);
  const doubt = judgeHandshake(request.getCaseSensitiveMethod(), fields);
  if (doubt !== null) {
    refuseDoubtful(response, doubt, tools.connection.parts);
    return;
  }
  const isLegacy = !fields.subprotocols.includes('prefect');
  const mayCome = mayConnect(tools.policy, fields.values.origin ?? '', () => tools.readAddress(fields, response));
  const refusal = mayCome ? refusalOf(tools, isLegacy) : 'forbidden';
  const { forwarded } = fields;
  if (refusal !== null) {
    if (refusal === 'forbidden') {
      const from = { forwarded, remote: () => new Uint8Array(response.getRemoteAddress()) };
      const why = mayCome ? 'no subprotocol' : 'origin';
      tools.connection.audit.refused({ why, identity: nobody, route: `WS ${path}`, from });
    }
    refuseUpgrade(response, refusal);
    return;
  }
  const key = fields.values['sec-websocket-key'] ?? '';
  const extensions = fields.values['sec-websocket-extensions'] ?? '';
  const data: SocketData = { isLegacy, forwarded, unreadPongs: 0, place: null, socket: null, connection: null };
  const accept = (): void => response.upgrade(data, key, isLegacy ? '' : 'prefect', extensions, context);
  if (isLegacy) accept();
  else waitForPlace(response, data, accept, tools);
}

function waitForPlace(response: HttpResponse, data: SocketData, accept: () => void, tools: SocketTools): void {
  const { places, connection } = tools;
  const handshake: WaitingHandshake = {
    begin() {
      const place = { late: () => data.connection?.hurried() };
      data.place = place;
      places.hold(place);
      // Not within `cork`, if it has waited: behind it the library looks at what was the response, which by then is the
      // socket, and
      // may break it off.
      accept();
    },
    refuse: (failure) => void response.cork(() => refuseUpgrade(response, failure)),
  };
  places.enter(handshake);
  if (data.place !== null) return;
  response.onAborted(() => {
    if (places.forget(handshake)) connection.parts.counters.gone.handshake += 1;
  });
}

function leavePlace(data: SocketData, { places }: SocketTools): void {
  const { place } = data;
  if (place === null) return;
  data.place = null;
  places.leave(place);
}

function refusalOf({ connection, open, isStopping }: SocketTools, isLegacy: boolean): FailureName | null {
  const { parts, authenticator } = connection;
  if (isStopping()) return 'shuttingDown';
  if (open.size + parts.counters.handshakesWaiting >= parts.options.socketsMax) {
    parts.counters.socketsRefused += 1;
    return 'tooManySockets';
  }
  return isLegacy && authenticator.isRequired ? 'forbidden' : null;
}

/** As Prefect refuses: a status, and no body. */
function refuseUpgrade(response: HttpResponse, failure: FailureName): void {
  const { status, retryAfterSeconds }: { status: number; retryAfterSeconds?: number } = failures[failure];
  response.writeStatus(`${status} ${STATUS_CODES[status]}`).writeHeader('content-type', 'text/plain; charset=utf-8');
  if (retryAfterSeconds !== undefined) response.writeHeader('retry-after', String(retryAfterSeconds));
  response.end('', true);
}
