/**
 * A bare TCP client for tests: writes whatever bytes it is given, reads only if it is told to, and shows what came
 * until the server closed.
 */
import { connect, type Socket } from 'node:net';
import { within } from './poll.ts';
import type { Target } from './target.ts';

export interface RawSocket {
  readonly socket: Socket;
  /** All that came so far. */
  received(): string;
  /** All that came, once the server has closed. */
  untilClosed(deadlineMs?: number): Promise<string>;
}

export async function openRaw(target: Target, first: string | Buffer): Promise<RawSocket> {
  const { hostname, port } = new URL(target.baseUrl());
  const socket = connect(Number(port), hostname);
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
  });
  // A reset is told by the close that follows.
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => socket.once('error', reject).once('connect', () => resolve()));
  socket.write(first);
  return {
    socket,
    received: () => received,
    untilClosed: async (deadlineMs = 45_000) => {
      await within('the server closes', deadlineMs, closed);
      return received;
    },
  };
}

/** Writes raw bytes piece by piece, and resolves with all that comes back until the server closes or `until` fits. */
export function askRaw(port: number, pieces: readonly (string | Buffer)[], until: RegExp, gapMs = 20): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString();
      if (until.test(received)) finish();
    });
    socket.on('close', () => resolve(`${received}<closed>`));
    socket.on('error', reject);
    const waiting = [...pieces];
    const timer = setInterval(() => {
      const piece = waiting.shift();
      if (piece === undefined) clearInterval(timer);
      else if (!socket.destroyed) socket.write(piece);
    }, gapMs);
    function finish(): void {
      clearInterval(timer);
      resolve(received);
      socket.destroy();
    }
  });
}

/** The head of a POST; a length of null sends chunks. */
export function postHead(path: string, length: number | null): string {
  const framing = length === null ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`;
  return `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${framing}\r\n\r\n`;
}

/** The head of a WebSocket handshake. */
export function upgradeHead(path: string): string {
  return (
    `GET ${path} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: prefect\r\n\r\n'
  );
}

/** A text frame of a client; the mask is of zeros, so the payload stands as it is. */
export function textFrame(payload: string | Buffer): Buffer {
  const bytes = Buffer.from(payload);
  const isShort = bytes.length < 126;
  const head = Buffer.alloc(isShort ? 6 : 14);
  head[0] = 0x81;
  head[1] = 0x80 | (isShort ? bytes.length : 127);
  if (!isShort) head.writeBigUInt64BE(BigInt(bytes.length), 2);
  return Buffer.concat([head, bytes]);
}
