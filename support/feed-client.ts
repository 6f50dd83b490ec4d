/**
 * A subscriber that resumes: keeps the newest token and the newest position, and goes on behind them with each new
 * connection.
 */

import type { SentFilter } from '../schemas/filter.ts';
import { type ControlFrame, filterMessage, type GapFrame, parseFrame, type WirePosition } from '../schemas/wire.ts';
import { type FrameSocket, openFrameSocket } from './frame-socket.ts';

export interface FeedClientOptions {
  readonly url: string;
  /** Asked for with each connection. */
  readonly filter: SentFilter;
  readonly backfill: boolean;
  /** A whole event frame, valid during the call, and its position. */
  readonly onEvent: (frame: Buffer, position: WirePosition) => void;
}

const positionMark = Buffer.from(',"position":');
/** Of `{"type":"`, where an event's frame has an e. */
const typeAt = 9;
const letterE = 0x65;

export class FeedClient {
  readonly #options: FeedClientOptions;
  #socket: FrameSocket | null = null;
  token: string | null = null;
  position: WirePosition | null = null;
  /** Where the feed began. */
  firstPosition: WirePosition | null = null;
  /** By reason. */
  readonly gaps: GapFrame['reason'][] = [];
  caughtUps = 0;
  /** What the server asked for when it closed; null without. */
  retryAfterMs: number | null = null;
  onCaughtUp: () => void = () => undefined;
  onControl: (frame: ControlFrame) => void = () => undefined;
  onClosed: (why: string) => void = () => undefined;

  constructor(options: FeedClientOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#socket !== null;
  }

  /** Opens a connection and asks for the feed, or for what comes behind the position. Rejects if it is not let in. */
  async connect(): Promise<FrameSocket> {
    const { url, filter, backfill } = this.#options;
    const socket = await openFrameSocket({ url, path: '/api/events/out' });
    this.#socket = socket;
    this.retryAfterMs = null;
    socket.onText = (frame) => this.#take(frame);
    socket.onClose = (why) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.onClosed(why);
    };
    const { token, position } = this;
    const resume = token === null || position === null ? {} : { resume: { token, position } };
    socket.sendText(filterMessage(filter, { backfill, positions: true, ...resume }));
    return socket;
  }

  /** Hangs up, as a client that crashes. What is still under way is not seen. */
  cut(): void {
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return;
    socket.onText = () => undefined;
    socket.socket.destroy();
  }

  #take(frame: Buffer): void {
    if (frame[typeAt] === letterE) {
      const position = readPosition(frame);
      this.position = position;
      this.#options.onEvent(frame, position);
    } else {
      this.#control(parseFrame<ControlFrame>(frame.toString()));
    }
  }

  #control(frame: ControlFrame): void {
    if ('position' in frame) this.position = frame.position;
    if (frame.type === 'token') this.token = frame.token;
    this.firstPosition ??= this.position;
    if (frame.type === 'retry') this.retryAfterMs = frame.after_ms;
    if (frame.type === 'gap') this.gaps.push(frame.reason);
    this.onControl(frame);
    if (frame.type !== 'caught_up') return;
    this.caughtUps += 1;
    this.onCaughtUp();
  }
}

function readPosition(frame: Buffer): WirePosition {
  const at = frame.lastIndexOf(positionMark) + positionMark.length;
  const text = frame.toString('latin1', at, frame.length - 1);
  return text.startsWith('"') ? text.slice(1, -1) : Number(text);
}

/** The number behind a mark such as `"key":`. */
export function numberAfter(frame: Buffer, mark: Buffer): number {
  let at = frame.indexOf(mark) + mark.length;
  let value = 0;
  for (let digit = (frame[at] ?? 0) - 48; digit >= 0 && digit <= 9; digit = (frame[at] ?? 0) - 48) {
    value = value * 10 + digit;
    at += 1;
  }
  return value;
}
