/**
 * One WebSocket as the rest of the edge sees it: safe to use after it has closed, and never dropping (I4): the bound on
 * waiting bytes is kept by whoever asks `bufferedBytes` first.
 */
import type { Farewell } from '../../actors/ports.ts';
import type { SubscriberSocket } from '../feed/ports.ts';
import type { ForwardedHeaders } from './forwarded.ts';
import type { Peer } from './peer-address.ts';
import { fitReason } from './read-message.ts';
import type { Topic, Topics } from './topics.ts';
import type { WebSocket } from './uws.ts';

export class Socket implements SubscriberSocket, Peer {
  readonly forwarded: ForwardedHeaders | null;
  readonly #topics: Topics;
  /** Null once it has closed: uWebSockets.js then throws at every touch. */
  #webSocket: WebSocket<unknown> | null;
  #topic: Topic | null = null;
  #sentFrames = 0;

  constructor(webSocket: WebSocket<unknown>, topics: Topics, forwarded: ForwardedHeaders | null) {
    this.forwarded = forwarded;
    this.#webSocket = webSocket;
    this.#topics = topics;
  }

  remote(): Uint8Array {
    return this.#webSocket === null ? new Uint8Array() : new Uint8Array(this.#webSocket.getRemoteAddress());
  }

  /** Frames sent to this socket so far, by itself and by topic. */
  get sentFrames(): number {
    return this.#sentFrames + (this.#topic?.published ?? 0);
  }

  send(frame: string | Uint8Array): void {
    this.#sentFrames += 1;
    this.#webSocket?.send(frame);
  }

  cork(write: () => void): void {
    this.#webSocket?.cork(write);
  }

  bufferedBytes(): number {
    return this.#webSocket?.getBufferedAmount() ?? 0;
  }

  subscribe(name: string): void {
    if (this.#webSocket === null) return;
    if (this.#topic !== null) throw new Error(`a socket joined ${name} while in ${this.#topic.name}`);
    this.#topic = this.#topics.enter(name);
    this.#sentFrames -= this.#topic.published;
    this.#webSocket.subscribe(name);
  }

  unsubscribe(name: string): void {
    if (this.#topic?.name !== name) return;
    this.#leave();
    this.#webSocket?.unsubscribe(name);
  }

  ping(): void {
    this.#webSocket?.ping();
  }

  end(farewell: Farewell): void {
    const webSocket = this.#webSocket;
    if (webSocket === null) return;
    // `close` is heard before these return: the handler calls `closed`.
    if (farewell === null) webSocket.close();
    else webSocket.end(farewell.code, fitReason(farewell.reason));
  }

  /** To be called from the close handler: it is not to be touched any more. */
  closed(): void {
    this.#webSocket = null;
    this.#leave();
  }

  #leave(): void {
    if (this.#topic === null) return;
    this.#sentFrames += this.#topic.published;
    this.#topics.leave(this.#topic);
    this.#topic = null;
  }
}
