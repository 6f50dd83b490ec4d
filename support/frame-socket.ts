/**
 * A WebSocket client over a bare socket: frames are built by hand with a mask of four zero bytes, so that masking costs
 * nothing, and read without a copy where a chunk holds them whole.
 */
import { connect, type Socket } from 'node:net';
import { authMessage, type OutFrame, parseFrame } from '../schemas/wire.ts';

export interface FrameSocketOptions {
  /** `http://host:port`. */
  readonly url: string;
  readonly path: string;
  readonly authString?: string;
}

const frameText = 1;
const frameClose = 8;
const framePing = 9;
const framePong = 10;

export class FrameSocket {
  readonly socket: Socket;
  onText: (payload: Buffer) => void = () => undefined;
  onPong: () => void = () => undefined;
  onClose: (why: string) => void = () => undefined;
  #rest: Buffer = Buffer.alloc(0);
  #closeText = 'the connection ended';

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.once('error', (error) => {
      this.#closeText = error.message;
    });
    socket.once('close', () => this.onClose(this.#closeText));
    socket.resume();
  }

  sendText(text: string): void {
    const payload = Buffer.from(text);
    const frame = Buffer.alloc(frameHeadBytes(payload.length) + payload.length);
    payload.copy(frame, writeFrameHead(frame, 0, payload.length));
    this.socket.write(frame);
  }

  ping(): void {
    this.socket.write(Buffer.from([0x80 | framePing, 0x80, 0, 0, 0, 0]));
  }

  /** Sends a close frame and hangs up. */
  end(): void {
    this.socket.end(Buffer.from([0x80 | frameClose, 0x80, 0, 0, 0, 0]));
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (;;) {
      if (bytes.length - at < 2) break;
      const short = (bytes[at + 1] ?? 0) & 0x7f;
      const head = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (bytes.length - at < head) break;
      const size =
        short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short;
      if (bytes.length - at < head + size) break;
      this.#take((bytes[at] ?? 0) & 0x0f, bytes.subarray(at + head, at + head + size));
      at += head + size;
    }
    this.#rest = at === bytes.length ? Buffer.alloc(0) : bytes.subarray(at);
  }

  #take(kind: number, payload: Buffer): void {
    switch (kind) {
      case frameText:
        this.onText(payload);
        break;
      case framePing:
        this.socket.write(Buffer.concat([Buffer.from([0x80 | framePong, 0x80 | payload.length, 0, 0, 0, 0]), payload]));
        break;
      case framePong:
        this.onPong();
        break;
      case frameClose:
        this.#closeText = payload.length < 2 ? 'closed' : `closed ${payload.readUInt16BE(0)} ${payload.subarray(2)}`;
        this.socket.end();
        break;
    }
  }
}

/** Bytes before the payload of a masked frame. */
export function frameHeadBytes(payloadBytes: number): number {
  return payloadBytes < 126 ? 6 : payloadBytes < 65_536 ? 8 : 14;
}

/** Writes the head of a masked text frame, and says where its payload begins. */
export function writeFrameHead(into: Buffer, at: number, payloadBytes: number): number {
  const head = frameHeadBytes(payloadBytes);
  into.fill(0, at, at + head);
  into[at] = 0x80 | frameText;
  if (head === 6) {
    into[at + 1] = 0x80 | payloadBytes;
  } else if (head === 8) {
    into[at + 1] = 0x80 | 126;
    into.writeUInt16BE(payloadBytes, at + 2);
  } else {
    into[at + 1] = 0x80 | 127;
    into.writeBigUInt64BE(BigInt(payloadBytes), at + 2);
  }
  return at + head;
}

/** Connects, shakes hands and authenticates. */
export async function openFrameSocket({ url, path, authString }: FrameSocketOptions): Promise<FrameSocket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Key: c2x1aWNlLWJlbmNobG9hZA==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ' +
      'prefect\r\n\r\n',
  );
  await upgraded(socket);
  const frames = new FrameSocket(socket);
  const answered = new Promise<void>((resolve, reject) => {
    frames.onText = (payload) =>
      isLetIn(payload.toString()) ? resolve() : reject(new Error(`Not let in: ${payload}`));
    frames.onClose = (why) => reject(new Error(`Not let in: ${why}`));
  });
  frames.sendText(authMessage(authString));
  await answered;
  return frames;
}

/** Whether this is the answer that lets a client in, of Prefect too. */
export function isLetIn(frame: string): boolean {
  return parseFrame<OutFrame>(frame).type === 'auth_success';
}

/** Reads the answer to the upgrade; what came behind it stays in the socket. */
async function upgraded(socket: Socket): Promise<void> {
  let head = Buffer.alloc(0);
  await new Promise<void>((resolve, reject) => {
    const take = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return;
      socket.off('data', take);
      socket.pause();
      if (head.length > end + 4) socket.unshift(head.subarray(end + 4));
      if (head.subarray(0, end).includes(' 101 ')) resolve();
      else reject(new Error(`The upgrade was refused: ${head.subarray(0, end)}`));
    };
    socket.on('data', take);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('The upgrade was broken off')));
  });
}
