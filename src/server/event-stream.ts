/**
 * One answer that goes on as Server-Sent Events, as a subscriber's way out: what is sent in one turn goes as one write,
 * and nothing is written while the peer does not read, so that the bytes which wait are known (I5).
 */
import { streamHeartbeat } from '../../schemas/wire.ts';
import type { SubscriberSocket } from '../feed/ports.ts';
import type { HttpResponse } from './uws.ts';

export interface StreamHead {
  readonly status: string;
  readonly headers: Readonly<Record<string, string>>;
}

export class EventStream implements SubscriberSocket {
  /** Null once the peer has gone or the stream has ended: uWebSockets.js then throws at every touch. */
  #response: HttpResponse | null;
  #hasBegun = false;
  #isScheduled = false;
  #waiting: string[] = [];
  #waitingBytes = 0;
  /** Given to uWebSockets.js since it last had room; 0 while it has. */
  #blockedBytes = 0;
  /** Waiting bytes were taken. */
  onDrained: () => void = () => undefined;
  onClosed: () => void = () => undefined;

  constructor(response: HttpResponse) {
    this.#response = response;
  }

  /** Writes the head, and from then on what was sent. */
  begin({ status, headers }: StreamHead): void {
    const response = this.#response;
    if (response === null) return;
    this.#hasBegun = true;
    response.onWritable(() => this.#writable());
    response.cork(() => {
      response.writeStatus(status);
      for (const [name, value] of Object.entries(headers)) response.writeHeader(name, value);
      // The head goes out with the first bytes only.
      response.write(streamHeartbeat);
    });
    this.#flush();
  }

  send(frame: string | Uint8Array): void {
    if (this.#response === null) return;
    this.#waiting.push(typeof frame === 'string' ? frame : Buffer.from(frame).toString());
    this.#waitingBytes += frame.length;
    if (this.#isScheduled || this.#blockedBytes > 0) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#flush();
      // The feed may have been waiting for this turn's end only.
      if (this.bufferedBytes() === 0) this.onDrained();
    });
  }

  get isOver(): boolean {
    return this.#response === null;
  }

  cork(write: () => void): void {
    write();
  }

  bufferedBytes(): number {
    return this.#waitingBytes + this.#blockedBytes;
  }

  /** Its ids are its own: it is never a member of a shared topic. */
  subscribe(topic: string): void {
    throw new Error(`an event stream joined ${topic}`);
  }

  unsubscribe(): void {}

  heartbeat(): void {
    this.send(streamHeartbeat);
  }

  /** Says a last thing and ends; what the peer has not read yet goes first. */
  end(frame: string): void {
    const response = this.#response;
    if (response === null) return;
    this.closed();
    response.cork(() => response.end(this.#waiting.join('') + frame));
  }

  /** Cuts the connection off. */
  abort(): void {
    const response = this.#response;
    this.closed();
    response?.close();
  }

  /** The peer has gone. */
  closed(): void {
    if (this.#response === null) return;
    this.#response = null;
    this.onClosed();
  }

  #flush(): void {
    if (!this.#hasBegun || this.#blockedBytes > 0 || this.#waiting.length === 0) return;
    this.#write(this.#waiting.join(''));
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #write(text: string): void {
    const response = this.#response;
    response?.cork(() => {
      this.#blockedBytes = response.write(text) ? 0 : this.#blockedBytes + text.length;
    });
  }

  #writable(): boolean {
    // What uWebSockets.js holds goes on with the next write only; an empty one would end the answer.
    this.#write(streamHeartbeat);
    this.#flush();
    this.onDrained();
    return true;
  }
}
