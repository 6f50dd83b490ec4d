/**
 * The WebSocket side of uWebSockets.js: handshake (PROTOCOL-FACTS §7), and handlers that hand everything to a connection. Whatever
 * a connection throws ends that connection only (close 1011), never the process.
 */
import { STATUS_CODES } from 'node:http';
import type { Farewell } from '../../actors/ports.ts';
import { type FailureName, failures } from '../errors.ts';
import { type Connection, type ConnectionTools, farewellOf } from './connection.ts';
import type { StreamTools } from './route.ts';
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
  /** Pings since nothing waited for the peer: their pongs wait in memory. */
  unreadPongs: number;
  /** Both null until it is open. */
  socket: Socket | null;
  connection: Connection | null;
}

/** A peer that pings on and reads nothing would fill our memory with pongs: of 131 bytes at most, so 1.3 MB a socket (I4). */
const unreadPongsMax = 10_000;

export type Connect = (socket: Socket, tools: ConnectionTools, isLegacy: boolean) => Connection;

export interface SocketTools extends StreamTools {
  readonly topics: Topics;
}

/** Serves one WebSocket route at its path with and without `/api`. */
export function serveWebSocket(
  app: TemplatedApp,
  path: string,
  tools: SocketTools,
  frameBytesMax: number,
  connect: Connect,
): void {
  const behavior = behaviorOf(tools, frameBytesMax, connect);
  app.ws(`/api${path}`, behavior);
  app.ws(path, behavior);
}

/** Any other WebSocket path is refused before the upgrade. */
export function refuseOtherWebSockets(app: TemplatedApp): void {
  app.ws('/*', { upgrade: (response) => refuseUpgrade(response, 'forbidden') });
}

function behaviorOf(tools: SocketTools, frameBytesMax: number, connect: Connect): WebSocketBehavior<SocketData> {
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
    upgrade: (response, request, context) => upgrade(response, request, context, tools),
    open: (webSocket) => {
      const data = webSocket.getUserData();
      const socket = new Socket(webSocket, tools.topics);
      data.socket = socket;
      try {
        const connection = connect(socket, tools.connection, data.isLegacy);
        data.connection = connection;
        tools.open.add(connection);
        tools.sweep.add(connection);
      } catch (error) {
        endAfterFault(data, farewellOf(error, parts));
      }
    },
    message: (webSocket, message, isBinary) =>
      run(webSocket, (connection) => connection.received(Buffer.from(message), isBinary)),
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
      const { socket, connection } = webSocket.getUserData();
      socket?.closed();
      if (connection === null) return;
      tools.open.delete(connection);
      tools.sweep.remove(connection);
      run(webSocket, () => connection.closed());
    },
  };
}

function endAfterFault({ socket }: SocketData, farewell: Farewell): void {
  try {
    socket?.end(farewell);
  } catch {
    // It has closed meanwhile.
  }
}

function upgrade(response: HttpResponse, request: HttpRequest, context: us_socket_context_t, tools: SocketTools): void {
  const offered = request.getHeader('sec-websocket-protocol').split(',');
  const isLegacy = !offered.some((protocol) => protocol.trim() === 'prefect');
  const refusal = refusalOf(tools, isLegacy);
  if (refusal !== null) {
    refuseUpgrade(response, refusal);
    return;
  }
  const data: SocketData = { isLegacy, unreadPongs: 0, socket: null, connection: null };
  const key = request.getHeader('sec-websocket-key');
  const extensions = request.getHeader('sec-websocket-extensions');
  response.upgrade(data, key, isLegacy ? '' : 'prefect', extensions, context);
}

function refusalOf({ connection, open, isStopping }: SocketTools, isLegacy: boolean): FailureName | null {
  const { parts, authenticator } = connection;
  if (isStopping()) return 'shuttingDown';
  if (open.size >= parts.options.socketsMax) {
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
