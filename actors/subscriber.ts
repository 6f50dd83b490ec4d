/**
 * The phases of one subscriber's connection. One feed lives exactly as long as `streaming`; events go from the feed
 * to the socket and never pass this mailbox (I10).
 *
 *                  auth.accepted                     filter.received ┌────────────── streaming ───────────────┐
 *                  (at once if legacy)               with backfill   │                feed.caughtUp           │
 *   authenticating ──────────────────► awaitingFilter ───────────────┼► backfilling ───────────────► live     │
 *     │                                  │     │   without           │                     feed.     │  ▲     │
 *     │                                  │     └─────────────────────┼► catchingUp ◄──── lagging ────┘  │     │
 *     │ auth.refused,                    │ filter.refused,           │      └────── feed.caughtUp ──────┘     │
 *     │ after authenticateMs             │ after filterMs            └───────────────────┬────────────────────┘
 *     │                                  │                                               │ feed.failed
 *     └──────────────────────────────────┴──► closed ◄───────────────────────────────────┘
 *   server.stopping, peer.silent, socket.closed, from anywhere ──► closed
 */
import { assign, setup } from 'xstate';
import type { ConnectionSettings, Farewell, SubscriberPhase, SubscriberPort } from './ports.ts';

export interface SubscriberInput {
  readonly port: SubscriberPort;
  readonly settings: ConnectionSettings;
  /** Without subprotocol there is no auth exchange (docs/prefect-facts.md, "The handshake of a WebSocket"). */
  readonly isLegacy: boolean;
}

interface SubscriberContext extends SubscriberInput {
  /** How the connection will end. */
  readonly farewell: Farewell;
}

export type SubscriberEvent =
  | { readonly type: 'auth.accepted' }
  | { readonly type: 'auth.refused'; readonly farewell: Farewell }
  /** The port keeps the filter itself. */
  | { readonly type: 'filter.received'; readonly backfill: boolean }
  | { readonly type: 'filter.refused'; readonly farewell: Farewell }
  | { readonly type: 'feed.caughtUp' }
  | { readonly type: 'feed.lagging' }
  | { readonly type: 'feed.failed'; readonly farewell: Farewell }
  | { readonly type: 'peer.silent'; readonly farewell: Farewell }
  | { readonly type: 'server.stopping'; readonly farewell: Farewell }
  | { readonly type: 'socket.closed' };

export const subscriberMachine = setup({
  types: {
    context: {} as SubscriberContext, // XState reads the type of this value only
    events: {} as SubscriberEvent, // XState reads the type of this value only
    input: {} as SubscriberInput, // XState reads the type of this value only
  },
  actions: {
    enter: ({ context }, phase: SubscriberPhase) => context.port.entered(phase),
    keepFarewell: assign({ farewell: ({ event }) => ('farewell' in event ? event.farewell : null) }),
    openFeed: ({ context }) => context.port.openFeed(),
    stopFeed: ({ context }) => context.port.stopFeed(),
    end: ({ context }) => context.port.end(context.farewell),
  },
  guards: {
    isLegacy: ({ context }) => context.isLegacy,
    wantsBackfill: ({ event }) => event.type === 'filter.received' && event.backfill,
  },
  delays: {
    authenticateMs: ({ context }) => context.settings.authenticateMs,
    filterMs: ({ context }) => context.settings.filterMs,
  },
}).createMachine({
  id: 'subscriber',
  context: ({ input }) => ({ ...input, farewell: null }),
  initial: 'authenticating',
  on: {
    'socket.closed': '.closed',
    'peer.silent': { target: '.closed', actions: 'keepFarewell' },
    'server.stopping': { target: '.closed', actions: 'keepFarewell' },
  },
  states: {
    authenticating: {
      entry: { type: 'enter', params: 'authenticating' },
      always: { guard: 'isLegacy', target: 'awaitingFilter' },
      on: {
        'auth.accepted': 'awaitingFilter',
        'auth.refused': { target: 'closed', actions: 'keepFarewell' },
      },
      after: {
        authenticateMs: {
          target: 'closed',
          actions: assign({ farewell: ({ context }) => context.settings.lateToAuthenticate }),
        },
      },
    },
    awaitingFilter: {
      entry: { type: 'enter', params: 'awaitingFilter' },
      on: {
        'filter.received': [
          { guard: 'wantsBackfill', target: 'streaming.backfilling' },
          { target: 'streaming.catchingUp' },
        ],
        'filter.refused': { target: 'closed', actions: 'keepFarewell' },
      },
      after: {
        filterMs: { target: 'closed', actions: assign({ farewell: ({ context }) => context.settings.lateToFilter }) },
      },
    },
    streaming: {
      entry: [{ type: 'enter', params: 'streaming' }, 'openFeed'],
      exit: 'stopFeed',
      initial: 'backfilling',
      on: { 'feed.failed': { target: 'closed', actions: 'keepFarewell' } },
      states: {
        backfilling: { on: { 'feed.caughtUp': 'live' } },
        catchingUp: { on: { 'feed.caughtUp': 'live' } },
        live: { on: { 'feed.lagging': 'catchingUp' } },
      },
    },
    closed: {
      type: 'final',
      entry: [{ type: 'enter', params: 'closed' }, 'end'],
    },
  },
});
