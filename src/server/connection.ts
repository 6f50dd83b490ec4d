/**
 * What the WebSocket handlers know of a connection, and what all connections of a server share.
 */
import type { ConnectionSettings, Farewell } from '../../actors/ports.ts';
import type { Identity } from '../access/identity.ts';
import { Failure, failures } from '../base/errors.ts';
import type { Loss } from '../ingest/losses.ts';
import type { Authenticator } from './authenticate.ts';
import type { PressedPeer } from './frame-pressure.ts';
import type { ServerOptions, ServerParts } from './parts.ts';
import type { SubscriberState } from './subscriber-load.ts';
import type { Swept } from './sweep.ts';

/** What the server asks of every lasting connection, whatever it speaks. */
export interface OpenConnection {
  /** Null for what sends no messages. */
  readonly pressed: PressedPeer | null;
  /** Whose it is; `nobody` while that is not known. */
  readonly identity: Identity;
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
  readonly settings: ConnectionSettings;
  /** Sweeps in which a subscriber that does not read may stay. */
  readonly stallSweeps: number;
}

export function connectionTools(parts: ServerParts, authenticator: Authenticator): ConnectionTools {
  const { options } = parts;
  return {
    parts,
    authenticator,
    settings: connectionSettings(options),
    stallSweeps: Math.ceil(options.stallMs / options.pingMs),
  };
}

/** How a failure ends a connection; a fault of ours is logged, and its words stay here. */
export function farewellOf(error: unknown, { log, counters }: ServerParts): Farewell {
  if (error instanceof Failure && error.failure !== 'internal') {
    return { code: failures[error.failure].code, reason: error.message };
  }
  counters.faults += 1;
  log.error({ err: error }, 'A connection failed');
  return { code: failures.internal.code, reason: 'Internal Server Error' };
}

export const silentFarewell: Farewell = { code: failures.timedOut.code, reason: 'No answer to pings' };
export const stalledFarewell: Farewell = {
  code: failures.stalledSubscriber.code,
  reason: 'Nothing was read for too long',
};

function connectionSettings({ authenticateMs, filterMs }: ServerOptions): ConnectionSettings {
  const { code } = failures.timedOut;
  return {
    authenticateMs,
    filterMs,
    lateToAuthenticate: { code, reason: `No 'auth' message within ${authenticateMs} ms` },
    lateToFilter: { code, reason: `No 'filter' message within ${filterMs} ms` },
  };
}
