/**
 * The phases of one producer's connection. Events never pass its mailbox (I10): while `receiving`, the edge hands
 * each message to intake itself, and the machine hears only of the one that ends the connection.
 *
 *                   auth.accepted              message.refused, intake.failed,
 *                   (at once if legacy)        server.stopping                    producer.settled
 *   authenticating ───────────────────► receiving ─────────────────────► draining ────────────────► closed
 *     │                                   │                                │                          ▲
 *     │ auth.refused, server.stopping,    │ peer.silent, socket.closed     │ socket.closed            │
 *     │ peer.silent, socket.closed,       └────────────────────────────────┴──────────────────────────┤
 *     │ after authenticateMs                                                                          │
 *     └───────────────────────────────────────────────────────────────────────────────────────────────┘
 */
import { assign, setup } from 'xstate';
import type { ConnectionSettings, Farewell, ProducerPhase, ProducerPort } from './ports.ts';

export interface ProducerInput {
  readonly port: ProducerPort;
  readonly settings: ConnectionSettings;
  /** Without subprotocol there is no auth exchange (docs/prefect-facts.md, "The handshake of a WebSocket"). */
  readonly isLegacy: boolean;
}

interface ProducerContext extends ProducerInput {
  /** How the connection will end. */
  readonly farewell: Farewell;
}

export type ProducerEvent =
  | { readonly type: 'auth.accepted' }
  | { readonly type: 'auth.refused'; readonly farewell: Farewell }
  | { readonly type: 'message.refused'; readonly farewell: Farewell }
  | { readonly type: 'intake.failed'; readonly farewell: Farewell }
  | { readonly type: 'producer.settled' }
  | { readonly type: 'peer.silent'; readonly farewell: Farewell }
  | { readonly type: 'server.stopping'; readonly farewell: Farewell }
  | { readonly type: 'socket.closed' };

export const producerMachine = setup({
  types: {
    context: {} as ProducerContext, // XState reads the type of this value only
    events: {} as ProducerEvent, // XState reads the type of this value only
    input: {} as ProducerInput, // XState reads the type of this value only
  },
  actions: {
    enter: ({ context }, phase: ProducerPhase) => context.port.entered(phase),
    keepFarewell: assign({ farewell: ({ event }) => ('farewell' in event ? event.farewell : null) }),
    settle: ({ context }) => context.port.settle(),
    end: ({ context }) => context.port.end(context.farewell),
  },
  guards: { isLegacy: ({ context }) => context.isLegacy },
  delays: { authenticateMs: ({ context }) => context.settings.authenticateMs },
}).createMachine({
  id: 'producer',
  context: ({ input }) => ({ ...input, farewell: null }),
  initial: 'authenticating',
  on: {
    'socket.closed': '.closed',
    'peer.silent': { target: '.closed', actions: 'keepFarewell' },
  },
  states: {
    authenticating: {
      entry: { type: 'enter', params: 'authenticating' },
      always: { guard: 'isLegacy', target: 'receiving' },
      on: {
        'auth.accepted': 'receiving',
        'auth.refused': { target: 'closed', actions: 'keepFarewell' },
        'server.stopping': { target: 'closed', actions: 'keepFarewell' },
      },
      after: {
        authenticateMs: {
          target: 'closed',
          actions: assign({ farewell: ({ context }) => context.settings.lateToAuthenticate }),
        },
      },
    },
    receiving: {
      entry: { type: 'enter', params: 'receiving' },
      on: {
        'message.refused': { target: 'draining', actions: 'keepFarewell' },
        'intake.failed': { target: 'draining', actions: 'keepFarewell' },
        'server.stopping': { target: 'draining', actions: 'keepFarewell' },
      },
    },
    draining: {
      entry: [{ type: 'enter', params: 'draining' }, 'settle'],
      on: { 'producer.settled': 'closed' },
    },
    closed: {
      type: 'final',
      entry: [{ type: 'enter', params: 'closed' }, 'end'],
    },
  },
});
