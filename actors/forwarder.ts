/**
 * The phases of the forwarder, which sends own events on to a Prefect server. Events never pass its mailbox: it is told
 * once that some wait, and calls for one batch, or one question, at a time.
 *
 *          events.waiting               nothing waits
 *   idle ─────────────────► forwarding ───────────────► idle
 *    │                       ▲  │  ▲
 *    │ prefect.lost          │  │  └────── all was asked ──────┐
 *    ▼                       │  │ failed                       │
 *   backingOff ◄─────────────┼──┘                              │
 *    │  │     after backoff  │                                 │
 *    │  └────────────────────┘          after doubt            │
 *    └─────────────────────────────────────────────────────► asking ── failed ──► backingOff
 *   forwarder.stopped, from anywhere ──► stopped
 *
 * After an answer that leaves in doubt what was taken, and after Prefect was away, what was sent is asked for before
 * anything is sent on.
 */
import { assign, fromPromise, setup } from 'xstate';

export interface ForwarderTimes {
  readonly backoffFirstMs: number;
  readonly backoffMaxMs: number;
  /** How long Prefect may take to show what it has taken. */
  readonly doubtMs: number;
}

export interface ForwarderContext {
  readonly times: ForwarderTimes;
  /** In a row. */
  readonly failures: number;
  /** Something may have been sent that Prefect does not have. */
  readonly isInDoubt: boolean;
}

export type ForwarderEvent =
  | { readonly type: 'events.waiting' }
  /** Nobody answered at its address: what it had in memory may be gone. */
  | { readonly type: 'prefect.lost' }
  | { readonly type: 'forwarder.stopped' };

/** Whether the same can be asked for at once again. */
export type Left = 'none' | 'some';

/** What a step fails with: whether it leaves in doubt what Prefect has. */
export interface StepFailure {
  readonly isInDoubt: boolean;
}

export const forwarderMachine = setup({
  types: {
    context: {} as ForwarderContext, // XState reads the type of this value only
    events: {} as ForwarderEvent, // XState reads the type of this value only
    input: {} as { readonly times: ForwarderTimes; readonly isInDoubt: boolean }, // XState reads the type only
  },
  actors: {
    /** Sends the next batch; rejects with a StepFailure. */
    sendNext: fromPromise<Left>(() => Promise.reject(new Error('sendNext is not provided'))),
    /** Asks for the next of what is in doubt, and sends what is missing; rejects with a StepFailure. */
    askNext: fromPromise<Left>(() => Promise.reject(new Error('askNext is not provided'))),
  },
  guards: {
    isInDoubt: ({ context }) => context.isInDoubt,
  },
  actions: {
    noteDoubt: assign({ isInDoubt: true }),
    forgetDoubt: assign({ isInDoubt: false, failures: 0 }),
    forgetFailures: assign({ failures: 0 }),
  },
  delays: {
    backoff: ({ context: { times, failures, isInDoubt } }) =>
      Math.max(isInDoubt ? times.doubtMs : 0, backoffMs(times, failures)),
  },
}).createMachine({
  id: 'forwarder',
  context: ({ input }) => ({ times: input.times, failures: 0, isInDoubt: input.isInDoubt }),
  initial: 'starting',
  on: { 'forwarder.stopped': '.stopped' },
  states: {
    starting: { always: [{ guard: 'isInDoubt', target: 'backingOff' }, { target: 'idle' }] },
    idle: { on: { 'events.waiting': 'forwarding', 'prefect.lost': { target: 'backingOff', actions: 'noteDoubt' } } },
    forwarding: {
      // The batch under way ends first.
      on: { 'prefect.lost': { actions: 'noteDoubt' } },
      invoke: {
        src: 'sendNext',
        onDone: [
          { guard: 'isInDoubt', target: 'backingOff' },
          {
            guard: ({ event }) => event.output === 'some',
            target: 'forwarding',
            reenter: true,
            actions: 'forgetFailures',
          },
          { target: 'idle', actions: 'forgetFailures' },
        ],
        onError: { target: 'backingOff', actions: assign(({ context, event }) => failedStep(context, event.error)) },
      },
    },
    backingOff: { after: { backoff: [{ guard: 'isInDoubt', target: 'asking' }, { target: 'forwarding' }] } },
    asking: {
      invoke: {
        src: 'askNext',
        onDone: [
          { guard: ({ event }) => event.output === 'some', target: 'asking', reenter: true },
          { target: 'forwarding', actions: 'forgetDoubt' },
        ],
        onError: { target: 'backingOff', actions: assign(({ context, event }) => failedStep(context, event.error)) },
      },
    },
    stopped: { type: 'final' },
  },
});

/** The wait after so many failures in a row: doubled each time, within a bound. */
export function backoffMs({ backoffFirstMs, backoffMaxMs }: ForwarderTimes, failures: number): number {
  return failures === 0 ? 0 : Math.min(backoffMaxMs, backoffFirstMs * 2 ** (failures - 1));
}

function failedStep(context: ForwarderContext, error: unknown): Partial<ForwarderContext> {
  const isInDoubt = typeof error === 'object' && error !== null && 'isInDoubt' in error && error.isInDoubt === true;
  return { failures: context.failures + 1, isInDoubt: context.isInDoubt || isInDoubt };
}
