/**
 * One subscriber that costs little: its bytes are read into a buffer that all share, frames are counted, and what is
 * checked of each is its number: the events of its filter must come in order, without gap or repeat.
 */
import { connect, type Socket } from 'node:net';
import { authMessage, type ControlFrame, eventFrameHead, parseFrame } from '../../schemas/wire.ts';
import { frameHeadBytes, isLetIn, writeFrameHead } from '../../support/frame-socket.ts';
import { dueMicros, lateMicros, markAt, timesAt } from './event-times.ts';
import type { Share } from './filters.ts';
import { FrameBytes, type FrameVisitor } from './frame-bytes.ts';

export interface LightOptions {
  /** `http://host:port`. */
  readonly url: string;
  readonly authString?: string;
  readonly idPrefix: string;
  /** What is sent after the authentication. */
  readonly filterMessage: string;
  /** Null: no event is its. */
  readonly share: Share | null;
  /** Events of the share before the first one that is to come. */
  readonly skipped: number;
  /** Of every event, not only counted: when it was due to be sent, and how late it was. */
  readonly latency: ((dueMicros: number, lateMicros: number) => void) | null;
  /** Told of control frames (token, caught_up). */
  readonly onControl?: (frame: ControlFrame) => void;
}

/** All sockets of a process read into one buffer, one after the other. */
const shared = Buffer.alloc(512 * 1024);
const eventMark = Buffer.from(eventFrameHead);
const pong = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);
const headEnd = '\r\n\r\n';

export class LightSubscriber implements FrameVisitor {
  readonly #options: LightOptions;
  readonly #frames: FrameBytes;
  readonly #idMark: Buffer;
  readonly #socket: Socket;
  #idAt = -1;
  #timesAt = -1;
  #head: string | null = '';
  #isLetIn = false;
  #letIn: () => void = () => undefined;
  #refused: (error: Error) => void = () => undefined;
  /** Event frames. */
  got = 0;
  /** Frames whose number was not the next one's. */
  wrong = 0;
  /** Frames whose number was looked at. */
  checked = 0;
  closed: string | null = null;
  readonly ready: Promise<void>;

  constructor(options: LightOptions) {
    this.#options = options;
    this.#idMark = Buffer.from(options.idPrefix);
    this.#frames = new FrameBytes(this);
    const { hostname, port } = new URL(options.url);
    this.ready = new Promise((resolve, reject) => {
      this.#letIn = resolve;
      this.#refused = reject;
    });
    const onread = { buffer: shared, callback: (bytes: number) => this.#read(bytes) };
    this.#socket = connect({ port: Number(port), host: hostname, noDelay: true, onread });
    this.#socket.once('connect', () => this.#shakeHands(hostname, port));
    this.#socket.once('error', (error) => this.#end(error.message));
    this.#socket.once('close', () => this.#end('the connection ended'));
  }

  destroy(): void {
    this.#socket.destroy();
  }

  whole(bytes: Buffer, from: number, to: number): void {
    if (bytes.compare(eventMark, 0, eventMark.length, from, from + eventMark.length) !== 0) {
      this.#control(bytes.toString('utf8', from, to));
      return;
    }
    const nth = this.got + this.#options.skipped;
    this.got += 1;
    const { share, latency } = this.#options;
    // Each frame where times are taken, else one in four: a gap or a repeat shifts all numbers behind it.
    if (latency === null && (this.got & 3) !== 0) return;
    this.checked += 1;
    this.#idAt = markAt(bytes, from, to, this.#idMark, this.#idAt);
    const number = this.#idAt < 0 ? -1 : hexAt(bytes, from + this.#idAt);
    if (share === null || number !== share.first + nth * share.stride) this.wrong += 1;
    if (latency === null) return;
    this.#timesAt = timesAt(bytes, from, to, this.#timesAt);
    latency(dueMicros(bytes, from + this.#timesAt), lateMicros(bytes, from + this.#timesAt));
  }

  torn(): void {
    this.got += 1;
  }

  ping(): void {
    this.#socket.write(pong);
  }

  hungUp(code: number): void {
    this.#end(`closed ${code}`);
  }

  #read(bytes: number): boolean {
    if (this.#head === null) {
      this.#frames.take(shared, 0, bytes);
      return true;
    }
    this.#head += shared.toString('latin1', 0, bytes);
    const end = this.#head.indexOf(headEnd);
    if (end < 0) return true;
    if (!this.#head.startsWith('HTTP/1.1 101')) this.#end(`The upgrade was refused: ${this.#head.slice(0, 100)}`);
    const rest = Buffer.from(this.#head.slice(end + headEnd.length), 'latin1');
    this.#head = null;
    this.#send(authMessage(this.#options.authString));
    if (rest.length > 0) this.#frames.take(rest, 0, rest.length);
    return true;
  }

  #control(frame: string): void {
    if (this.#isLetIn) {
      this.#options.onControl?.(parseFrame<ControlFrame>(frame));
    } else if (isLetIn(frame)) {
      this.#isLetIn = true;
      this.#send(this.#options.filterMessage);
      this.#letIn();
    } else this.#end(`Not let in: ${frame}`);
  }

  #shakeHands(hostname: string, port: string): void {
    this.#socket.write(
      `GET /api/events/out HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Key: c2x1aWNlLWJlbmNobG9hZA==\r\nSec-WebSocket-Version: ' +
        '13\r\nSec-WebSocket-Protocol: prefect\r\n\r\n',
    );
  }

  #send(text: string): void {
    const bytes = Buffer.byteLength(text);
    const frame = Buffer.alloc(frameHeadBytes(bytes) + bytes);
    frame.write(text, writeFrameHead(frame, 0, bytes));
    this.#socket.write(frame);
  }

  #end(why: string): void {
    if (this.closed !== null) return;
    this.closed = why;
    this.#refused(new Error(why));
    this.#socket.destroy();
  }
}

/** Twelve hex digits. */
function hexAt(bytes: Buffer, at: number): number {
  let value = 0;
  for (let digit = at; digit < at + 12; digit += 1) {
    const code = bytes[digit]!;
    value = value * 16 + (code < 58 ? code - 48 : code - 87);
  }
  return value;
}
