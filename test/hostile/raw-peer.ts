/**
 * A hostile connection of bare bytes: sends what it likes, reads all, slowly, or nothing, and tells at its end what the
 * server said of it.
 */
import { connect, type Socket } from 'node:net';
import type { Field } from './kind.ts';

export interface RawPeer {
  readonly socket: Socket;
  /** What came first, a few kB; empty of one that does not read. */
  head(): string;
  readonly isOpen: boolean;
  /** Hangs up: nothing of it counts any more. */
  drop(): void;
}

export interface RawOptions {
  /** Bytes a second: 0 reads nothing, Infinity (by default) all. */
  readonly readRate?: number;
  /** Told when the server closes; by default what it said is counted. */
  readonly onEnd?: (head: string) => void;
}

const keptBytes = 8_192;
const readEveryMs = 250;

/** Null where the connection is refused. */
export function openRawPeer(field: Field, first: string | Buffer, options: RawOptions = {}): Promise<RawPeer | null> {
  const { readRate = Number.POSITIVE_INFINITY, onEnd = (head) => tellEnd(field, head) } = options;
  const { hostname, port } = new URL(field.server.url);
  const socket = connect({ port: Number(port), host: hostname });
  let head = '';
  let isOpen = true;
  let isDropped = false;
  const keep = (chunk: Buffer): void => {
    if (head.length < keptBytes) head += chunk.toString('latin1', 0, keptBytes);
  };
  const slowly = Number.isFinite(readRate) ? setInterval(() => take(socket, readRate, keep), readEveryMs) : undefined;
  if (slowly === undefined) socket.on('data', keep);
  else socket.pause();
  socket.on('error', () => undefined);
  socket.once('close', () => {
    clearInterval(slowly);
    isOpen = false;
    if (!isDropped) onEnd(head);
  });
  const peer: RawPeer = {
    socket,
    head: () => head,
    get isOpen() {
      return isOpen;
    },
    drop() {
      isDropped = true;
      socket.destroy();
    },
  };
  return new Promise((resolve) => {
    socket.once('error', () => resolve(null));
    socket.once('connect', () => {
      socket.write(first);
      resolve(peer);
    });
  });
}

/** Counts what a connection was told before it ended. */
export function tellEnd({ tally }: Field, head: string): void {
  const [, status = ''] = /^HTTP\/1\.1 (\d{3})/.exec(head) ?? [];
  const rest = head.slice(head.indexOf('\r\n\r\n') + 4);
  if (status === '101') {
    const close = closeIn(Buffer.from(rest, 'latin1'));
    if (close === null) tally.closed(1006, '', null);
    else tally.closed(close.code, close.reason, null);
  } else if (status === '') tally.add('ended without a word');
  else tally.answered(Number(status), rest, retryAfterIn(head));
}

function retryAfterIn(head: string): string {
  return /^retry-after: (\d+)/im.exec(head)?.[1] ?? '';
}

/** The close frame among the frames of a server, which have no mask. */
function closeIn(frames: Buffer): { readonly code: number; readonly reason: string } | null {
  for (let at = 0; at + 2 <= frames.length; ) {
    const short = (frames[at + 1] ?? 0) & 0x7f;
    const start = at + (short === 126 ? 4 : short === 127 ? 10 : 2);
    if (start > frames.length) return null;
    const long = short === 127 ? Number(frames.readBigUInt64BE(at + 2)) : 0;
    const size = short === 126 ? frames.readUInt16BE(at + 2) : short === 127 ? long : short;
    if (((frames[at] ?? 0) & 0x0f) === 8 && size >= 2 && start + 2 <= frames.length) {
      return { code: frames.readUInt16BE(start), reason: frames.toString('utf8', start + 2, start + size) };
    }
    at = start + size;
  }
  return null;
}

function take(socket: Socket, readRate: number, keep: (chunk: Buffer) => void): void {
  const bytes = Math.floor((readRate * readEveryMs) / 1_000);
  if (bytes === 0) return;
  const chunk: Buffer | null = socket.read(Math.min(bytes, socket.readableLength)) ?? null;
  if (chunk !== null) keep(chunk);
}
