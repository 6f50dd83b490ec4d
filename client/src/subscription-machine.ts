/**
 * The phases of one subscription, as a pure function: state and fact in, state and orders out. Clock and randomness
 * come with the facts. Events pass by it; it hears of what changes a phase.
 *
 *                        opened                  caughtUp
 *   connecting ─────────────────────► catchingUp ────────► live
 *     ▲   ▲ │ ended                      │                  │
 *     │   │ │            ended, retryable│                  │ ended, retryable
 *     │   │ └──────────► waiting ◄───────┴──────────────────┘
 *     │   └── retryDue ────┘
 *     │                    full, where reading cannot be paused
 *     └── drained ─── full ◄──── catchingUp, live
 *
 *   stopped, and ended for good, from anywhere ──► closed
 *
 * Two handshakes that fail while HTTP may answer make it try an event stream, and then the socket again, in turn.
 */
import type { SluiceError } from './errors.ts';

export type Transport = 'websocket' | 'stream';

export interface State {
  readonly phase: 'connecting' | 'catchingUp' | 'live' | 'waiting' | 'full' | 'closed';
  readonly transport: Transport;
  /** In a row, since something came. */
  readonly failures: number;
  /** Handshakes of this transport that failed in a row. */
  readonly failedHandshakes: number;
  /** The token was asked for once more since a connection was open. */
  readonly hasRenewed: boolean;
  readonly error: SluiceError | null;
}

export type Fact =
  | { readonly type: 'opened' }
  /** The first event or control frame of a connection. */
  | { readonly type: 'progressed' }
  | { readonly type: 'caughtUp' }
  | {
      readonly type: 'ended';
      readonly error: SluiceError;
      readonly wasOpen: boolean;
      /** How long to wait, if it is tried again and this is the nth failure. */
      readonly delayMs: (failures: number) => number;
    }
  | { readonly type: 'retryDue' }
  /** The reader is behind its bound, and reading cannot be paused. */
  | { readonly type: 'filled' }
  | { readonly type: 'drained' }
  /** By the reader, or by its signal. */
  | { readonly type: 'stopped' };

export type Order =
  | { readonly type: 'connect'; readonly transport: Transport }
  | { readonly type: 'hangUp' }
  | { readonly type: 'wait'; readonly ms: number }
  /** The reader hears of it behind what has come. */
  | { readonly type: 'fail'; readonly error: SluiceError };

export interface Terms {
  readonly attemptsMax: number;
  /** The filter fits into a URL. */
  readonly mayStream: boolean;
  /** A function gives the token: it is asked once more where one was refused. */
  readonly mayRenew: boolean;
}

export interface Step {
  readonly state: State;
  readonly orders: readonly Order[];
}

const handshakesMax = 2;

export function begin(): Step {
  const state: State = {
    phase: 'connecting',
    transport: 'websocket',
    failures: 0,
    failedHandshakes: 0,
    hasRenewed: false,
    error: null,
  };
  return { state, orders: [{ type: 'connect', transport: 'websocket' }] };
}

export function step(state: State, fact: Fact, terms: Terms): Step {
  if (state.phase === 'closed') return stay(state);
  switch (fact.type) {
    case 'opened':
      if (state.phase !== 'connecting') return stay(state);
      return stay({ ...state, phase: 'catchingUp', failedHandshakes: 0, hasRenewed: false, error: null });
    case 'progressed':
      return stay({ ...state, failures: 0 });
    case 'caughtUp':
      return stay(state.phase === 'catchingUp' ? { ...state, phase: 'live' } : state);
    case 'ended':
      return ended(state, fact, terms);
    case 'retryDue':
      return state.phase === 'waiting' ? connect(state) : stay(state);
    case 'filled':
      if (state.phase !== 'catchingUp' && state.phase !== 'live') return stay(state);
      return { state: { ...state, phase: 'full' }, orders: [{ type: 'hangUp' }] };
    case 'drained':
      return state.phase === 'full' ? connect(state) : stay(state);
    case 'stopped':
      return { state: { ...state, phase: 'closed' }, orders: [{ type: 'hangUp' }] };
    default:
      return fact satisfies never;
  }
}

function ended(state: State, { error, wasOpen, delayMs }: Fact & { readonly type: 'ended' }, terms: Terms): Step {
  if (state.phase === 'waiting' || state.phase === 'full') return stay(state);
  const isRefused = !wasOpen && error.failure === 'unauthorized';
  const mayRenew = isRefused && terms.mayRenew && !state.hasRenewed;
  // What stands between may let no WebSocket through, and yet let through a stream.
  const mayPass = error.failure === 'handshakeRefused' && state.transport === 'websocket' && terms.mayStream;
  const failures = state.failures + 1;
  if ((!error.retryable && !mayRenew && !mayPass) || failures >= terms.attemptsMax) {
    return { state: { ...state, phase: 'closed', failures, error }, orders: [{ type: 'fail', error }] };
  }
  const failedHandshakes = wasOpen ? 0 : state.failedHandshakes + 1;
  const isOver = failedHandshakes >= (state.transport === 'websocket' ? handshakesMax : 1);
  const turns = isOver && terms.mayStream;
  return {
    state: {
      phase: 'waiting',
      transport: turns ? other(state.transport) : state.transport,
      failures,
      failedHandshakes: turns ? 0 : failedHandshakes,
      hasRenewed: state.hasRenewed || mayRenew,
      error,
    },
    orders: [{ type: 'wait', ms: mayRenew ? 0 : delayMs(failures) }],
  };
}

function connect(state: State): Step {
  return { state: { ...state, phase: 'connecting' }, orders: [{ type: 'connect', transport: state.transport }] };
}

function stay(state: State): Step {
  return { state, orders: [] };
}

function other(transport: Transport): Transport {
  return transport === 'websocket' ? 'stream' : 'websocket';
}
