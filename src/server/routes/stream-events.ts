/**
 * GET events/out: one subscriber by Server-Sent Events. It has one phase, from its first byte to its last, so no
 * machine: its request says all, and its feed lives as long as the connection.
 */

import type { Farewell } from '../../../actors/ports.ts';
import { type StreamMessage, streamMessage } from '../../../schemas/wire.ts';
import type { Identity } from '../../access/identity.ts';
import { Failure } from '../../base/errors.ts';
import { streamEvents } from '../../description/operations/stream-events.ts';
import type { Feed, FeedListener } from '../../feed/ports.ts';
import { closeOf, farewellOf, type OpenConnection, stalledFarewell } from '../connection.ts';
import type { EventStream } from '../event-stream.ts';
import { invalidRequest } from '../http-answer.ts';
import { readStreamRequest, type StreamRequest } from '../read-stream-request.ts';
import type { Route, StreamTools } from '../route.ts';
import type { SubscriberState } from '../subscriber-load.ts';
import type { Swept } from '../sweep.ts';

export const streamEventsRoute: Route = {
  method: 'GET',
  path: '/events/out',
  needs: 'read',
  operation: streamEvents,
  answer: (request, { now, options }) => {
    const checked = readStreamRequest(request, { ...options, now: now(), scope: request.identity });
    if (!checked.ok) return invalidRequest(checked.issues, 'null');
    return { stream: (out, tools) => openStream(out, tools, checked.value, request.identity) };
  },
};

/** Throws a Failure where there is no place, or the request cannot be resumed. */
function openStream(out: EventStream, tools: StreamTools, request: StreamRequest, identity: Identity): void {
  const { parts } = tools.connection;
  if (tools.isStopping()) throw new Failure('shuttingDown', 'Sluice is stopping.');
  if (tools.open.size >= parts.options.socketsMax) {
    parts.counters.socketsRefused += 1;
    throw new Failure('tooManySockets', 'All places are taken.');
  }
  const allowance = parts.allowances.of(identity);
  const refusal = allowance?.enter() ?? null;
  if (refusal !== null) {
    parts.counters.limited += 1;
    throw refusal;
  }
  const stream = new SubscriberStream(out, tools, identity, request.wantsReasons);
  try {
    stream.feed = parts.openFeed(request, out, stream);
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
  readonly identity: Identity;
  feed: Feed | null = null;
  readonly #out: EventStream;
  readonly #tools: StreamTools;
  readonly #wantsReasons: boolean;
  #quietSweeps = 0;
  #isLagging = false;

  constructor(out: EventStream, tools: StreamTools, identity: Identity, wantsReasons: boolean) {
    this.identity = identity;
    this.#wantsReasons = wantsReasons;
    this.#out = out;
    this.#tools = tools;
  }

  get subscriberState(): SubscriberState {
    return { isLagging: this.#isLagging, bufferedBytes: this.#out.bufferedBytes() };
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
    this.#end(farewell, retryAfterMs === null ? {} : { retry: retryAfterMs });
  }

  failed(failure: Failure): void {
    this.#end(farewellOf(failure, this.#tools.connection.parts), {});
  }

  #end(farewell: Farewell, more: Pick<StreamMessage, 'retry'>): void {
    const data = this.#wantsReasons
      ? closeOf(farewell, more.retry)
      : { code: farewell?.code, reason: farewell?.reason };
    this.#out.end(streamMessage({ event: 'close', ...more, data: JSON.stringify(data) }));
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
