/** From the frames of one feed to messages, with the place behind each: what a reconnect goes on from. */
import type { GapFrame, OutFrame, ResumePoint, TokenFrame } from '../../schemas/wire.ts';
import { type Beginning, checkpointOf } from './checkpoint.ts';
import type { GapReason } from './errors.ts';
import type { Message } from './message.ts';
import { PlainFeed } from './plain-feed.ts';
import { type Acknowledge, cutOf, isEventFrame, positionOf, ReceivedEvent, textOf } from './received-event.ts';

export interface FrameListener {
  message(message: Message, characters: number): void;
  caughtUp(): void;
  /** All up to here was given or does not fit. */
  heartbeat(): void;
  /** Of the feed: nothing that occurred before is in it. */
  since(time: string): void;
}

export class FramesReader {
  readonly plain: PlainFeed;
  readonly #listener: FrameListener;
  readonly #acknowledge: Acknowledge;
  #token: string | null;
  /** JSON. */
  #position: string;
  /** Told behind the token that follows it, which says where to go on. */
  #gap: GapFrame | { readonly reason: GapReason } | null = null;

  constructor(beginning: Beginning, listener: FrameListener, acknowledge: Acknowledge) {
    const { resume } = beginning;
    this.plain = new PlainFeed(beginning);
    this.#listener = listener;
    this.#acknowledge = acknowledge;
    this.#token = resume === null || resume.token === '' ? null : resume.token;
    this.#position = JSON.stringify(resume?.position ?? 'start');
  }

  /** Null before the first token. */
  get resume(): ResumePoint | null {
    return this.#token === null ? null : { token: this.#token, position: JSON.parse(this.#position) };
  }

  get checkpoint(): string {
    return checkpointOf(JSON.parse(this.#position), this.#token ?? '');
  }

  /** A frame of a server with positions. */
  read(frame: string): void {
    if (!isEventFrame(frame)) {
      this.#control(JSON.parse(frame));
      return;
    }
    const cut = cutOf(frame);
    this.#position = positionOf(frame, cut);
    const event = new ReceivedEvent(textOf(frame, cut), this.#position, this.#token ?? '', this.#acknowledge);
    this.#listener.message(event, frame.length);
  }

  /** A frame of one without. */
  readPlain(frame: string): void {
    if (!isEventFrame(frame)) return;
    const text = textOf(frame, -1);
    const position = this.plain.take(JSON.parse(text));
    if (position === null) return;
    this.#position = JSON.stringify(position);
    this.#listener.message(new ReceivedEvent(text, this.#position, '', this.#acknowledge), frame.length);
  }

  /** The next token, or now where there are none, is told as a gap. */
  breakOff(hasPositions: boolean): void {
    if (hasPositions) this.#gap = { reason: 'unknown' };
    else this.#tellGap({ reason: 'unknown' });
  }

  #control(frame: OutFrame): void {
    switch (frame.type) {
      case 'token':
        this.#begin(frame);
        break;
      case 'gap':
        this.#gap = frame;
        break;
      case 'caught_up':
        this.#position = String(frame.position);
        this.#listener.caughtUp();
        this.#listener.message({ type: 'caught_up', ...this.#place() }, frame.type.length);
        break;
      case 'heartbeat':
        if (frame.position !== undefined) this.#position = String(frame.position);
        this.#listener.heartbeat();
        break;
      default:
      // A frame of a newer server, or one of the connection's own.
    }
  }

  #begin({ token, position, since }: TokenFrame): void {
    this.#token = token;
    this.#position = JSON.stringify(position);
    this.#listener.since(since);
    const gap = this.#gap;
    this.#gap = null;
    if (gap !== null) this.#tellGap(gap);
  }

  #tellGap(gap: GapFrame | { readonly reason: GapReason }): void {
    const { reason, oldest, head } = { oldest: undefined, head: undefined, ...gap };
    this.#listener.message({ type: 'gap', reason, oldest, head, ...this.#place() }, reason.length);
  }

  #place() {
    const { checkpoint } = this;
    return { checkpoint, ack: () => this.#acknowledge({ checkpoint }) };
  }
}
