/**
 * What the WebSocket handlers know of a connection, and what all connections of a server share.
 */
import type { ConnectionSettings, Farewell } from '../../actors/ports.ts';
import { type ErrorFrame, errorFrame, type StreamClose } from '../../schemas/wire.ts';
import type { Identity } from '../access/identity.ts';
import { Failure, type FailureName, failures } from '../base/errors.ts';
import type { Loss } from '../ingest/losses.ts';
import type { Authenticator } from './authenticate.ts';
import type { EdgeAudit } from './edge-audit.ts';
import type { PressedPeer } from './frame-pressure.ts';
import type { ServerOptions, ServerParts } from './parts.ts';
import type { Socket } from './socket.ts';
import type { SubscriberState } from './subscriber-load.ts';
import type { Swept } from './sweep.ts';

/** What the server asks of every lasting connection, whatever it speaks. */
export interface OpenConnection {
  /** Null for what sends no messages. */
  readonly pressed: PressedPeer | null;
  /** Whose it is; `nobody` while that is not known. */
  readonly identity: Identity;
  /** Where it stands, in one word. */
  readonly phase: string;
  /** Null for a producer. */
  readonly subscriberState: SubscriberState | null;
  /** A group of events could not be written. */
  recordsLost(loss: Loss): void;
  /** Ends the connection from our side; a client that understands it is told when to come back, if it may. */
  stop(farewell: Farewell, retryAfterMs: number | null): void;
}

/** Its methods may throw: the caller logs that and closes the connection with 1011. */
export interface Connection extends Swept, OpenConnection {
  /** Its peer is not known yet. */
  readonly isAuthenticating: boolean;
  /** `whenOver` is called when it is known who the peer is, or that it is nobody. */
  whenAdmitted(whenOver: () => void): void;
  /** Ends a peer that takes too long to say who it is. */
  hurried(): void;
  /** The bytes are valid during the call only. */
  received(bytes: Buffer, isBinary: boolean): void;
  /** The pong goes out when this returns, unless the socket was broken off. */
  pinged(): void;
  ponged(): void;
  /** Waiting bytes were taken. */
  drained(): void;
  closed(): void;
}

export interface ConnectionTools {
  readonly parts: ServerParts;
  readonly authenticator: Authenticator;
  readonly audit: EdgeAudit;
  readonly settings: ConnectionSettings;
  /** Sweeps in which a subscriber that does not read may stay. */
  readonly stallSweeps: number;
}

export function connectionTools(parts: ServerParts, authenticator: Authenticator, audit: EdgeAudit): ConnectionTools {
  const { options } = parts;
  return {
    parts,
    authenticator,
    audit,
    settings: connectionSettings(options),
    stallSweeps: Math.ceil(options.stallMs / options.pingMs),
  };
}

/** How a failure ends a connection; a fault of ours is logged, and its words stay here. */
export function farewellOf(error: unknown, { log, counters }: ServerParts): Farewell {
  if (error instanceof Failure && error.failure !== 'internal') {
    return farewellFor(error.failure, error.message);
  }
  counters.faults += 1;
  log.error({ err: error }, 'A connection failed');
  return farewellFor('internal', 'Internal Server Error');
}

export function farewellFor(failure: FailureName, reason: string): NonNullable<Farewell> {
  return { code: failures[failure].code, reason, failure };
}

/** Before the close, to a peer that asked for it: a close frame has room for a code and a few words. */
export function sayWhy(socket: Pick<Socket, 'send'>, farewell: Farewell, retryAfterMs?: number | null): void {
  const failure = farewell?.failure;
  if (farewell === null || failure === undefined) return;
  socket.send(errorFrame({ failure, reason: farewell.reason, ...againOf(failure, retryAfterMs) }));
}

/** The same in the last message of an event stream. */
export function closeOf(farewell: Farewell, retryAfterMs?: number | null): StreamClose {
  const { code, reason, failure = 'internal' } = farewell ?? farewellFor('internal', 'Broken off');
  return { code, reason, failure, ...againOf(failure, retryAfterMs) };
}

function againOf(failure: string, retryAfterMs: number | null | undefined): Pick<ErrorFrame, 'retry_after_ms'> {
  if (!isFailureName(failure)) return {};
  const { mayRetry, retryAfterSeconds = 0 }: { mayRetry: boolean; retryAfterSeconds?: number } = failures[failure];
  return mayRetry ? { retry_after_ms: retryAfterMs ?? retryAfterSeconds * 1_000 } : {};
}

function isFailureName(name: string): name is FailureName {
  return Object.hasOwn(failures, name);
}

export const silentFarewell: Farewell = farewellFor('timedOut', 'No answer to pings');
export const stalledFarewell: Farewell = farewellFor('stalledSubscriber', 'Nothing was read for too long');

function connectionSettings({ authenticateMs, filterMs }: ServerOptions): ConnectionSettings {
  return {
    authenticateMs,
    filterMs,
    lateToAuthenticate: farewellFor('timedOut', `No 'auth' message within ${authenticateMs} ms`),
    lateToFilter: farewellFor('timedOut', `No 'filter' message within ${filterMs} ms`),
  };
}
