/**
 * WS events/in: one producer. A pong tells it that all it sent before is durable (I1); a message never passes the
 * actor's mailbox (I10).
 */
import { setTimeout as wait } from 'node:timers/promises';
import { type Actor, createActor } from 'xstate';
import type { Farewell, ProducerPhase, ProducerPort } from '../../../actors/ports.ts';
import { type ProducerEvent, producerMachine } from '../../../actors/producer.ts';
import { ackFrame, rejectFrame } from '../../../schemas/wire.ts';
import type { Identity } from '../../access/identity.ts';
import type { FailureName } from '../../base/errors.ts';
import { failPoint } from '../../base/fail-point.ts';
import { producerChannel } from '../../description/channels/producer.ts';
import type { MessageOutcome } from '../../ingest/intake.ts';
import type { Loss } from '../../ingest/losses.ts';
import { Acknowledger } from '../acknowledger.ts';
import { Admission, type AdmissionListener, type Admitted } from '../admission.ts';
import {
  type Connection,
  type ConnectionTools,
  farewellFor,
  farewellOf,
  sayWhy,
  silentFarewell,
  stalledFarewell,
} from '../connection.ts';
import type { PressedPeer } from '../frame-pressure.ts';
import { Liveness } from '../liveness.ts';
import type { SocketRoute } from '../route.ts';
import type { Socket } from '../socket.ts';

/** Of frames for a producer that asked for them and does not read. */
const unreadBytesMax = 1024 * 1024;
/** A client may take a longer silence for a dead connection. */
const ackDelayMsMax = 2_000;

export const producerRoute: SocketRoute = {
  method: 'WS',
  path: '/events/in',
  needs: 'write',
  channel: producerChannel,
  connect: (socket, tools, isLegacy) => new ProducerConnection(socket, tools, isLegacy),
};

class ProducerConnection implements Connection, ProducerPort, AdmissionListener {
  readonly subscriberState = null;
  readonly #socket: Socket;
  readonly #tools: ConnectionTools;
  readonly #liveness: Liveness;
  readonly #admission: Admission;
  readonly #actor: Actor<typeof producerMachine>;
  #phase: ProducerPhase = 'authenticating';
  /** The newest tickets, of an event and of a parked one, that the next pong would vouch for. */
  #reliesOn = 0;
  #reliesOnParked = 0;
  /** Messages after the auth message. */
  #messages = 0;
  /** The producer asked to be told of bad messages instead of being closed. */
  #rejects = false;
  /** The producer asked for acks, and to be told why it is closed. */
  #acks: Acknowledger | null = null;
  /** When to come back, of a server that stops. */
  #retryAfterMs: number | null | undefined;

  constructor(socket: Socket, tools: ConnectionTools, isLegacy: boolean) {
    this.#socket = socket;
    this.#tools = tools;
    this.#admission = new Admission(socket, tools, { needs: 'write', path: '/events/in', isLegacy }, this);
    this.#liveness = new Liveness(socket, () => this.#tell({ type: 'peer.silent', farewell: null }));
    tools.parts.counters.producers += 1;
    this.#actor = createActor(producerMachine, { input: { port: this, settings: tools.settings, isLegacy } });
    this.#actor.start();
  }

  get pressed(): PressedPeer {
    return this.#liveness;
  }

  get phase(): ProducerPhase {
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
      case 'receiving':
        this.#take(bytes, isBinary);
        break;
      case 'authenticating':
        this.#admission.received(bytes, isBinary);
        break;
      case 'draining':
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
    try {
      this.#ensureDurable();
      failPoint('pong-due');
    } catch (error) {
      farewellOf(error, this.#tools.parts);
      // Broken off, without a close frame: uWebSockets.js would send the pong before that.
      this.#socket.end(null);
    }
  }

  ponged(): void {
    this.#liveness.sign();
  }

  drained(): void {
    this.#liveness.sign();
  }

  sweep(): void {
    if (this.#liveness.sweep(this.#tools.stallSweeps) === 'alive') return;
    this.#tools.parts.counters.silent += 1;
    this.#tell({ type: 'peer.silent', farewell: silentFarewell });
  }

  stop(farewell: Farewell, retryAfterMs: number | null): void {
    this.#retryAfterMs = retryAfterMs;
    this.#tell({ type: 'server.stopping', farewell });
  }

  closed(): void {
    this.#admission.closed();
    this.#tools.parts.counters.producers -= 1;
    this.#tell({ type: 'socket.closed' });
  }

  /** The producer gets no pong for what it relies on, and sends it again on its next connection. */
  recordsLost({ above, parkedAbove, failure }: Loss): void {
    if (this.#reliesOn <= above && this.#reliesOnParked <= parkedAbove) return;
    this.#reliesOn = Math.min(this.#reliesOn, above);
    this.#reliesOnParked = Math.min(this.#reliesOnParked, parkedAbove);
    this.#tell({ type: 'intake.failed', farewell: farewellOf(failure, this.#tools.parts) });
  }

  admitted({ rejects, acks }: Admitted): void {
    this.#rejects = rejects;
    if (acks) this.#acks = this.#acknowledger();
    this.#tell({ type: 'auth.accepted' });
  }

  refused(farewell: Farewell): void {
    this.#tell({ type: 'auth.refused', farewell });
  }

  entered(phase: ProducerPhase): void {
    this.#phase = phase;
  }

  settle(): void {
    try {
      this.#ensureDurable();
      if (this.#acks !== null && this.#retryAfterMs !== undefined) this.#socket.send(ackFrame(this.#messages));
    } catch (error) {
      // No pong was given for these, so the producer sends them again.
      this.#tools.parts.log.warn({ err: error }, 'The last events of a closing producer could not be made durable');
    }
    this.#tell({ type: 'producer.settled' });
  }

  end(farewell: Farewell): void {
    if (farewell === this.#tools.settings.lateToAuthenticate) this.#tools.parts.counters.late += 1;
    if (this.#acks !== null) sayWhy(this.#socket, farewell, this.#retryAfterMs);
    this.#socket.end(farewell);
  }

  #ensureDurable(): void {
    if (this.#reliesOn === 0 && this.#reliesOnParked === 0) return;
    this.#tools.parts.intake.ensureDurable(this.#reliesOn, this.#reliesOnParked);
  }

  #tell(event: ProducerEvent): void {
    // `closed` ends the actor while its last effect, the end of the socket, still reports back.
    if (this.#phase !== 'closed') this.#actor.send(event);
  }

  #take(bytes: Buffer, isBinary: boolean): void {
    const { allowance } = this.#admission;
    const over = allowance === null ? null : allowance.takeMessage(bytes.length);
    if (over !== null) {
      this.#tools.parts.counters.limited += 1;
      this.#tell({ type: 'intake.failed', farewell: farewellFor(over.failure, over.message) });
      return;
    }
    this.#messages += 1;
    let outcome: MessageOutcome;
    try {
      outcome = this.#tools.parts.intake.acceptMessage(bytes, isBinary, this.#admission.identity.label);
    } catch (error) {
      // Not taken: no ack is to cover it.
      this.#messages -= 1;
      this.#tell({ type: 'intake.failed', farewell: farewellOf(error, this.#tools.parts) });
      return;
    }
    switch (outcome.kind) {
      case 'accepted':
      case 'duplicate':
        if (outcome.ticket > this.#reliesOn) this.#reliesOn = outcome.ticket;
        break;
      case 'parked':
        if (outcome.ticket > this.#reliesOnParked) this.#reliesOnParked = outcome.ticket;
        break;
      case 'skipped':
        if (this.#rejects) this.#reject('skipped', outcome.reason);
        break;
      case 'refused':
        if (this.#rejects) this.#reject(outcome.failure, outcome.reason);
        else this.#refuse(outcome.failure, outcome.reason);
        break;
      default:
        outcome satisfies never;
    }
    this.#acks?.took();
  }

  #acknowledger(): Acknowledger {
    const { intake } = this.#tools.parts;
    return new Acknowledger(
      () => this.#messages,
      () => intake.whenDurable(this.#reliesOn, this.#reliesOnParked).then(() => this.#untilPaid()),
      (message) => this.#ack(message),
    );
  }

  /** Who has sent beyond its rate hears later of it, and so sends later. */
  #untilPaid(): Promise<void> | undefined {
    const debtMs = this.#admission.allowance?.debtMs() ?? 0;
    return debtMs === 0 ? undefined : wait(Math.min(debtMs, ackDelayMsMax));
  }

  #ack(message: number): void {
    // Else some of them may be lost.
    if (this.#phase !== 'receiving') return;
    this.#socket.send(ackFrame(message));
    this.#endIfUnread();
  }

  #refuse(failure: FailureName, reason: string): void {
    this.#messages -= 1;
    this.#tell({ type: 'message.refused', farewell: farewellFor(failure, reason) });
  }

  #reject(failure: FailureName | 'skipped', reason: string): void {
    this.#socket.send(rejectFrame({ message: this.#messages, failure, reason }));
    this.#endIfUnread();
  }

  #endIfUnread(): void {
    if (this.#socket.bufferedBytes() > unreadBytesMax) this.#tell({ type: 'peer.silent', farewell: stalledFarewell });
  }
}
