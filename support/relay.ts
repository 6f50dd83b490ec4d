/**
 * A TCP relay before a server that dies and comes back, for clients whose own handshake must not be what ends them: its
 * port stays open, a new connection waits until the server listens, and one whose opening the server did not live to
 * finish is opened again at the next server, byte for byte. After its opening a connection dies with its server.
 */

import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { listenHere } from './free-port.ts';

export interface Relay {
  readonly port: number;
  /** Openings that were begun again. */
  readonly reopened: number;
  close(): void;
}

const retryMs = 50;

/** An opening is over once the server has sent `opened`. */
export async function startRelay(toPort: number, opened: string): Promise<Relay> {
  let reopened = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    sockets.add(client);
    client.once('close', () => sockets.delete(client));
    carry(client, toPort, opened, () => {
      reopened += 1;
    });
  });
  const port = await listenHere(server);
  return {
    port,
    get reopened() {
      return reopened;
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function carry(client: Socket, toPort: number, opened: string, noteReopening: () => void): void {
  /** What was sent, and what was answered, while it opens; null once it is open. */
  let asked: Buffer[] | null = [];
  let answered = Buffer.alloc(0);
  let upstream: Socket | null = null;
  let isOver = false;
  client.on('data', (chunk: Buffer) => {
    asked?.push(chunk);
    if (upstream !== null && !upstream.write(chunk)) client.pause();
  });
  client.on('error', () => undefined);
  client.once('close', () => {
    isOver = true;
    upstream?.destroy();
  });
  connect();

  function connect(): void {
    if (isOver) return;
    const socket = createConnection(toPort, '127.0.0.1');
    /** Of the answer, what an earlier server has given already. */
    let repeated = Buffer.from(answered);
    socket.once('connect', () => {
      upstream = socket;
      for (const chunk of asked ?? []) socket.write(chunk);
      client.resume();
    });
    socket.on('drain', () => client.resume());
    socket.on('data', (chunk: Buffer) => {
      const again = Math.min(repeated.length, chunk.length);
      if (!chunk.subarray(0, again).equals(repeated.subarray(0, again))) {
        client.destroy(new Error('two servers answered the same opening in two ways'));
        return;
      }
      repeated = repeated.subarray(again);
      const rest = chunk.subarray(again);
      if (asked !== null) {
        answered = Buffer.concat([answered, rest]);
        if (answered.includes(opened)) asked = null;
      }
      if (rest.length > 0) client.write(rest);
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      const wasConnected = upstream === socket;
      upstream = null;
      if (isOver) return;
      if (wasConnected && !isOpening()) client.destroy();
      else {
        if (wasConnected) noteReopening();
        setTimeout(connect, retryMs);
      }
    });
  }

  /** Of a WebSocket, or of what has not spoken yet: an HTTP answer may end with its connection. */
  function isOpening(): boolean {
    if (asked === null) return false;
    return asked.length === 0 || /upgrade: websocket/i.test(Buffer.concat(asked).toString('latin1'));
  }
}
