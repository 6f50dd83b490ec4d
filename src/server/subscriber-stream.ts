/**
 * One subscriber by Server-Sent Events. It has one phase, from its first byte to its last, so no machine: its request
 * says all, and its feed lives as long as the connection.
 */

import type { Farewell } from '../../actors/ports.ts';
import { type StreamMessage, streamMessage } from '../../schemas/wire.ts';
import type { Identity } from '../access/identity.ts';
import { Failure } from '../base/errors.ts';
import type { Feed, FeedListener } from '../feed/ports.ts';
import { closeOf, farewellOf, type OpenConnection, stalledFarewell } from './connection.ts';
import type { EventStream } from './event-stream.ts';
import type { StreamTools } from './route.ts';
import type { SubscriberState } from './subscriber-load.ts';
import type { Swept } from './sweep.ts';

export interface StreamTerms {
  readonly identity: Identity;
  /** As it was sent, for people; null for none, and for a long one. */
  readonly filter: string | null;
  /** Why it is closed is told with the failure's name. */
  readonly wantsReasons: boolean;
  /** The name of the message that says what it failed with. */
  readonly failed: 'close' | 'error';
}

/** May throw a Failure, which then is the answer. */
export type BeginStream = (out: EventStream, listener: FeedListener) => Feed;

/** Throws a Failure where there is no place, or the request cannot be resumed. */
export function openStream(out: EventStream, tools: StreamTools, terms: StreamTerms, begin: BeginStream): void {
  const { parts } = tools.connection;
  if (tools.isStopping()) throw new Failure('shuttingDown', 'Sluice is stopping.');
  if (tools.open.size >= parts.options.socketsMax) {
    parts.counters.socketsRefused += 1;
    throw new Failure('tooManySockets', 'All places are taken.');
  }
  const allowance = parts.allowances.of(terms.identity);
  const refusal = allowance?.enter() ?? null;
  if (refusal !== null) {
    parts.counters.limited += 1;
    throw refusal;
  }
  const stream = new SubscriberStream(out, tools, terms);
  try {
    stream.feed = begin(out, stream);
  } catch (error) {
    allowance?.leave();
    throw error;
  }
  tools.open.add(stream);
  tools.sweep.add(stream);
  parts.counters.subscribers += 1;
  out.onDrained = () => stream.drained();
  out.onClosed = () => {
    tools.open.delete(stream);
    tools.sweep.remove(stream);
    parts.counters.subscribers -= 1;
    allowance?.leave();
    stream.feed?.stop();
  };
}

class SubscriberStream implements OpenConnection, FeedListener, Swept {
  readonly pressed = null;
  readonly phase = 'streaming';
  feed: Feed | null = null;
  readonly #out: EventStream;
  readonly #tools: StreamTools;
  readonly #terms: StreamTerms;
  #quietSweeps = 0;
  #isLagging = false;

  constructor(out: EventStream, tools: StreamTools, terms: StreamTerms) {
    this.#out = out;
    this.#tools = tools;
    this.#terms = terms;
  }

  get identity(): Identity {
    return this.#terms.identity;
  }

  get subscriberState(): SubscriberState {
    return {
      isLagging: this.#isLagging,
      filter: this.#terms.filter,
      bufferedBytes: this.#out.bufferedBytes(),
      position: this.feed?.position ?? null,
    };
  }

  drained(): void {
    this.#quietSweeps = 0;
    this.feed?.drained();
  }

  /** A peer that is gone shows by the heartbeats that nobody takes. */
  sweep(): void {
    const { parts, stallSweeps } = this.#tools.connection;
    if (this.#out.bufferedBytes() === 0) {
      this.#quietSweeps = 0;
      this.#out.heartbeat();
      return;
    }
    this.#quietSweeps += 1;
    if (this.#quietSweeps <= stallSweeps) return;
    parts.counters.stalled += 1;
    parts.log.info(stalledFarewell, 'a stream was cut off');
    this.#out.abort();
  }

  /** A browser comes back by itself, after what it was told last. */
  stop(farewell: Farewell, retryAfterMs: number | null): void {
    this.#end('close', farewell, retryAfterMs === null ? {} : { retry: retryAfterMs });
  }

  failed(failure: Failure): void {
    this.#end(this.#terms.failed, farewellOf(failure, this.#tools.connection.parts), {});
  }

  #end(event: StreamTerms['failed'], farewell: Farewell, more: Pick<StreamMessage, 'retry'>): void {
    const data = this.#terms.wantsReasons
      ? closeOf(farewell, more.retry)
      : { code: farewell?.code, reason: farewell?.reason };
    this.#out.end(streamMessage({ event, ...more, data: JSON.stringify(data) }));
  }

  caughtUp(): void {
    this.#isLagging = false;
  }

  lagging(): void {
    this.#isLagging = true;
  }

  /** Of no concern to a subscriber: what is not durable was not handed out. */
  recordsLost(): void {}
}
