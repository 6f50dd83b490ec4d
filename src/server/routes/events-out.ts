/**
 * WS events/out: one subscriber. Its first message after the authentication is the filter, or asks for counts that stay
 * live; all later ones are ignored.
 */
import { type Actor, createActor } from 'xstate';
import type { Farewell, SubscriberPhase, SubscriberPort } from '../../../actors/ports.ts';
import { type SubscriberEvent, subscriberMachine } from '../../../actors/subscriber.ts';
import type { CountsMessage } from '../../../schemas/count-frames.ts';
import { type FilterMessage, retryFrame, type Unchecked } from '../../../schemas/wire.ts';
import type { Identity } from '../../access/identity.ts';
import { Failure } from '../../base/errors.ts';
import { subscriberChannel } from '../../description/channels/subscriber.ts';
import type { Feed, FeedListener } from '../../feed/ports.ts';
import { Admission, type AdmissionListener, type Admitted } from '../admission.ts';
import {
  type Connection,
  type ConnectionTools,
  farewellOf,
  sayWhy,
  silentFarewell,
  stalledFarewell,
} from '../connection.ts';
import type { PressedPeer } from '../frame-pressure.ts';
import { Liveness } from '../liveness.ts';
import { filterBytesMax } from '../parts.ts';
import { readCountsMessage } from '../read-counts-message.ts';
import { judgeFilterMessage } from '../read-filter-message.ts';
import { readObject } from '../read-message.ts';
import type { SocketRoute } from '../route.ts';
import type { Socket } from '../socket.ts';
import { type SubscriberState, shownFilter } from '../subscriber-load.ts';

/**
 * A larger filter takes two turns: one to be read, one to be compiled when its feed is opened; others have their turn
 * between.
 */
const oneTurnBytesMax = 128 * 1024;

export const subscriberRoute: SocketRoute = {
  method: 'WS',
  path: '/events/out',
  needs: 'read',
  channel: subscriberChannel,
  messageBytesMax: filterBytesMax,
  connect: (socket, tools, isLegacy) => new SubscriberConnection(socket, tools, isLegacy),
};

class SubscriberConnection implements Connection, SubscriberPort, FeedListener, AdmissionListener {
  readonly #socket: Socket;
  readonly #tools: ConnectionTools;
  readonly #liveness: Liveness;
  readonly #admission: Admission;
  readonly #actor: Actor<typeof subscriberMachine>;
  #phase: SubscriberPhase = 'authenticating';
  /** Opens the feed that was asked for; null before that, and once it is open. */
  #begin: (() => Feed) | null = null;
  #feed: Feed | null = null;
  #isLagging = false;
  /** For people. */
  #filter: string | null = null;
  #wantsControl = false;
  /** Asked to be told why it is closed. */
  #wantsReasons = false;
  #wantsHeartbeats = false;
  #sentFramesAtSweep = 0;
  /** When to come back, of a server that stops. */
  #retryAfterMs: number | null | undefined;

  constructor(socket: Socket, tools: ConnectionTools, isLegacy: boolean) {
    this.#socket = socket;
    this.#tools = tools;
    this.#admission = new Admission(socket, tools, { needs: 'read', path: '/events/out', isLegacy }, this);
    this.#liveness = new Liveness(socket, () => this.#tell({ type: 'peer.silent', farewell: null }));
    tools.parts.counters.subscribers += 1;
    this.#actor = createActor(subscriberMachine, { input: { port: this, settings: tools.settings, isLegacy } });
    this.#actor.start();
  }

  get subscriberState(): SubscriberState {
    return {
      isLagging: this.#isLagging,
      filter: this.#filter,
      bufferedBytes: this.#socket.bufferedBytes(),
      position: this.#feed?.position ?? null,
    };
  }

  get pressed(): PressedPeer {
    return this.#liveness;
  }

  get phase(): SubscriberPhase {
    return this.#phase;
  }

  get isAuthenticating(): boolean {
    return this.#phase === 'authenticating';
  }

  get identity(): Identity {
    return this.#admission.identity;
  }

  whenAdmitted(whenOver: () => void): void {
    this.#admission.whenOver = whenOver;
  }

  hurried(): void {
    this.#tell({ type: 'auth.refused', farewell: this.#tools.settings.lateToAuthenticate });
  }

  received(bytes: Buffer, isBinary: boolean): void {
    this.#liveness.heard(bytes.length);
    switch (this.#phase) {
      case 'authenticating':
        this.#admission.received(bytes, isBinary);
        break;
      case 'awaitingFilter':
        if (this.#begin === null) this.#subscribe(bytes, isBinary);
        break;
      case 'streaming':
      case 'closed':
        break;
      default:
        this.#phase satisfies never;
    }
    // After the answer, which would otherwise count as sent since the last sign of life.
    this.#liveness.sign();
  }

  pinged(): void {
    this.#liveness.sign();
  }

  ponged(): void {
    this.#liveness.sign();
  }

  drained(): void {
    this.#liveness.sign();
    this.#feed?.drained();
  }

  sweep(): void {
    const verdict = this.#liveness.sweep(this.#tools.stallSweeps);
    if (verdict === 'alive') {
      if (this.#wantsHeartbeats) this.#beat();
      return;
    }
    this.#tools.parts.counters[verdict] += 1;
    this.#tell({ type: 'peer.silent', farewell: verdict === 'silent' ? silentFarewell : stalledFarewell });
  }

  stop(farewell: Farewell, retryAfterMs: number | null): void {
    if (this.#wantsControl && retryAfterMs !== null) this.#socket.send(retryFrame(retryAfterMs));
    this.#retryAfterMs = retryAfterMs;
    this.#tell({ type: 'server.stopping', farewell });
  }

  /** Of no concern to a subscriber: what is not durable was not handed out. */
  recordsLost(): void {}

  closed(): void {
    this.#begin = null;
    this.#admission.closed();
    this.#tools.parts.counters.subscribers -= 1;
    this.#tell({ type: 'socket.closed' });
  }

  caughtUp(): void {
    this.#isLagging = false;
    this.#tell({ type: 'feed.caughtUp' });
  }

  lagging(): void {
    this.#isLagging = true;
    this.#tell({ type: 'feed.lagging' });
  }

  failed(failure: Failure): void {
    this.#tell({ type: 'feed.failed', farewell: farewellOf(failure, this.#tools.parts) });
  }

  admitted({ acks }: Admitted): void {
    this.#wantsReasons = acks;
    this.#tell({ type: 'auth.accepted' });
  }

  refused(farewell: Farewell): void {
    this.#tell({ type: 'auth.refused', farewell });
  }

  entered(phase: SubscriberPhase): void {
    this.#phase = phase;
  }

  openFeed(): void {
    const begin = this.#begin;
    this.#begin = null;
    if (begin === null) return;
    try {
      this.#feed = begin();
    } catch (error) {
      if (error instanceof Failure && error.failure === 'forbidden') this.#tellRefusal();
      this.#tell({ type: 'feed.failed', farewell: farewellOf(error, this.#tools.parts) });
    }
  }

  stopFeed(): void {
    try {
      this.#feed?.stop();
    } catch (error) {
      farewellOf(error, this.#tools.parts);
    }
    this.#feed = null;
  }

  end(farewell: Farewell): void {
    const { settings, parts } = this.#tools;
    if (farewell === settings.lateToAuthenticate || farewell === settings.lateToFilter) parts.counters.late += 1;
    // Of a server that stops, a socket with positions has heard by its own frame.
    const hasHeard = this.#wantsControl && typeof this.#retryAfterMs === 'number';
    if (this.#wantsReasons && !hasHeard) sayWhy(this.#socket, farewell, this.#retryAfterMs);
    this.#socket.end(farewell);
  }

  #tell(event: SubscriberEvent): void {
    // `closed` ends the actor while its last effect, the end of the socket, still reports back.
    if (this.#phase !== 'closed') this.#actor.send(event);
  }

  #tellRefusal(): void {
    const why = 'page, export or resume token';
    const route = `WS ${subscriberRoute.path}`;
    this.#tools.audit.refused({ why, identity: this.identity, route, from: this.#socket });
  }

  /** If nothing went out since the last sweep, and nothing waits that would come before it. */
  #beat(): void {
    const { sentFrames } = this.#socket;
    if (sentFrames === this.#sentFramesAtSweep && this.#socket.bufferedBytes() === 0) this.#feed?.heartbeat();
    this.#sentFramesAtSweep = this.#socket.sentFrames;
  }

  #subscribe(bytes: Buffer, isBinary: boolean): void {
    const message = readObject<FilterMessage | CountsMessage>(bytes, isBinary);
    const asked = message?.type === 'counts' ? this.#askForCounts(message) : this.#askForEvents(message);
    if (asked === null) return;
    this.#begin = asked.begin;
    this.#filter = shownFilter(message?.filter, bytes.length);
    this.#wantsReasons ||= this.#wantsControl;
    this.#wantsHeartbeats = asked.heartbeats && this.#wantsControl;
    const open = (): void => this.#tell({ type: 'filter.received', backfill: asked.backfill });
    if (bytes.length > oneTurnBytesMax) setImmediate(open);
    else open();
  }

  #askForEvents(message: Unchecked<FilterMessage> | null): Asked | null {
    const { parts } = this.#tools;
    const outcome = judgeFilterMessage(message, { ...parts.options, now: parts.now(), scope: this.identity });
    if (!outcome.ok) return this.#refuse(outcome.farewell);
    const { request, heartbeats } = outcome;
    this.#wantsControl = request.form !== 'plain';
    return { heartbeats, backfill: request.backfill, begin: () => parts.openFeed(request, this.#socket, this) };
  }

  #askForCounts(message: Unchecked<CountsMessage>): Asked | null {
    const { parts } = this.#tools;
    // Who asks for counts understands the frames of an extension.
    this.#wantsControl = true;
    this.#wantsReasons = true;
    const outcome = readCountsMessage(message, { now: parts.now(), scope: this.identity });
    if (!outcome.ok) return this.#refuse(outcome.farewell);
    const { request, heartbeats } = outcome;
    return { heartbeats, backfill: true, begin: () => parts.watchCounts(request, this.#socket, this) };
  }

  #refuse(farewell: Farewell): null {
    this.#tell({ type: 'filter.refused', farewell });
    return null;
  }
}

interface Asked {
  readonly begin: () => Feed;
  readonly backfill: boolean;
  readonly heartbeats: boolean;
}
