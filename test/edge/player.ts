/**
 * Sends the bytes of requests in given pieces, on connections that live as long as the server lets them, and reads the
 * answers.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { readMessage } from './http-messages.ts';

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** As much of a request as its answer depends on. */
export interface Asked {
  readonly method: string;
}

/** Longer than a query may take, with its wait for a place. */
const answerMs = 60_000;
/** Instead of an answer. */
export const closed = 'closed';
export const late = 'late';
/** A server's ping, as latin-1. */
const emptyPing = '\x89\x00';

export class Player {
  readonly #place: Place;
  readonly #gapMs: number;
  #socket: Socket | null = null;
  #received = Buffer.alloc(0);
  #isClosed = false;
  #wake: () => void = () => undefined;

  /** `gapMs`: between two pieces. */
  constructor(place: Place, gapMs: number) {
    this.#place = place;
    this.#gapMs = gapMs;
  }

  /** The answers in order, without their dates; after one that never comes whole, `closed` or `late`, and no more. */
  async play(pieces: readonly Buffer[], asked: readonly Asked[]): Promise<string[]> {
    await this.#write(pieces);
    const answers: string[] = [];
    for (const { method } of asked) {
      const answer = await this.#readAnswer(method !== 'HEAD');
      answers.push(answer);
      if (answer === closed || answer === late) {
        this.end();
        break;
      }
    }
    // What goes on is not of HTTP, has no end, or ends now.
    if (answers.some(isLast)) this.end();
    return answers;
  }

  /**
   * A WebSocket: a handshake, then frames in pieces, and what comes back until it has so many bytes. The server's own
   * pings, which come when their time has come, are left out.
   */
  async shake(handshake: Buffer, frames: readonly Buffer[], bytes: number): Promise<string> {
    this.end();
    await this.#write([handshake]);
    const answer = await this.#readAnswer(true);
    if (!answer.startsWith('HTTP/1.1 101 ')) return answer;
    await this.#write(frames);
    const received = (): string => this.#received.toString('latin1').replaceAll(emptyPing, '');
    await this.#until(() => received().length >= bytes);
    const answers = received();
    this.end();
    return answers;
  }

  end(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  async #write(pieces: readonly Buffer[]): Promise<void> {
    const socket = this.#socket !== null && !this.#isClosed ? this.#socket : this.#open();
    for (const [nth, piece] of pieces.entries()) {
      if (nth > 0) await wait(this.#gapMs);
      if (this.#isClosed) return;
      socket.write(piece);
    }
  }

  #open(): Socket {
    this.end();
    const socket = connect(this.#place);
    this.#socket = socket;
    this.#received = Buffer.alloc(0);
    this.#isClosed = false;
    socket.setNoDelay();
    socket.on('data', (chunk) => {
      if (this.#socket !== socket) return;
      this.#received = Buffer.concat([this.#received, chunk as Buffer]); // without an encoding it is one
      this.#wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#isClosed = true;
      this.#wake();
    });
    return socket;
  }

  async #readAnswer(hasBody: boolean): Promise<string> {
    for (;;) {
      const head = readMessage(this.#received, false);
      const isStream = head?.headers.get('content-type') === 'text/event-stream';
      const message = isStream ? head : readMessage(this.#received, hasBody);
      if (message !== null) {
        const answer = this.#received.toString('latin1', 0, message.bytes);
        this.#received = this.#received.subarray(message.bytes);
        if (!/^HTTP\/1\.1 100 /.test(answer)) return answer.replace(/^date: .*\r\n/im, '');
      } else if (this.#isClosed) return closed;
      else if (!(await this.#more())) return late;
    }
  }

  async #until(fact: () => boolean): Promise<void> {
    while (!fact() && !this.#isClosed && (await this.#more()));
  }

  /** Waits for bytes or the end; false after a long time. */
  #more(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), answerMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}

function isLast(answer: string): boolean {
  return (
    answer.startsWith('HTTP/1.1 101 ') || /^(?:content-type: text\/event-stream|connection: close)\r$/im.test(answer)
  );
}
