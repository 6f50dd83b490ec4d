/** An event as it was received: its text cut out of the frame, everything else made when it is asked for. */
import { type AnsweredEvent, eventFrameHead } from '../../schemas/wire.ts';
import { checkpointOf } from './checkpoint.ts';
import type { Checkpoint } from './errors.ts';
import type { EventMessage } from './message.ts';
import type { Marked } from './saver.ts';

/** Resolves when the store has it. */
export type Acknowledge = (marked: Marked) => Promise<void>;

export class ReceivedEvent implements EventMessage {
  readonly type = 'event';
  readonly text: string;
  /** JSON: a number, or a string. */
  readonly #position: string;
  readonly #token: string;
  readonly #acknowledge: Acknowledge;
  #event: AnsweredEvent | null = null;

  constructor(text: string, position: string, token: string, acknowledge: Acknowledge) {
    this.text = text;
    this.#position = position;
    this.#token = token;
    this.#acknowledge = acknowledge;
  }

  get event(): AnsweredEvent {
    this.#event ??= JSON.parse(this.text) as AnsweredEvent; // the server is trusted to speak its protocol
    return this.#event;
  }

  get checkpoint(): Checkpoint {
    return checkpointOf(JSON.parse(this.#position), this.#token);
  }

  ack(): Promise<void> {
    return this.#acknowledge(this);
  }
}

const positionKey = ',"position":';

export function isEventFrame(frame: string): boolean {
  return frame.startsWith(eventFrameHead);
}

/** Where the event's text ends in a frame with a position; -1 in one without. The position holds no such key. */
export function cutOf(frame: string): number {
  // A position is short: what lies before is the event's own.
  const cut = frame.lastIndexOf(positionKey);
  return cut > frame.length - positionCharactersMax ? cut : -1;
}

/** The key, a time with microseconds, a UUID, and what is around them. */
const positionCharactersMax = 120;

export function textOf(frame: string, cut: number): string {
  return frame.slice(eventFrameHead.length, cut < 0 ? -1 : cut);
}

export function positionOf(frame: string, cut: number): string {
  return frame.slice(cut + positionKey.length, -1);
}
