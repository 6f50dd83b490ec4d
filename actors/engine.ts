/**
 * The embedded engine's life: one child process at a time, started again after a crash (I9).
 *
 *                ┌───────────────── running (one child) ─────────────────┐
 *                │              answered              stop               │  exited, or stopMs is over
 *   (start) ────►│  starting ─────────────► ready ───────────► stopping ─┼────────────────────────────► stopped
 *                │     │                      │                    ▲     │                                 ▲
 *                │     └──────────────────────┼─── stop ───────────┘     │                                 │
 *                └─────┬──────────────────────┬──────────────────────────┘                                 │
 *             exited, startMs is over      exited, hung                                                    │
 *                      └──────────┬───────────┘                                                            │
 *                            restarting ── backoffMs ──► running.starting                                  │
 *                                 └───────────────────── stop ─────────────────────────────────────────────┘
 *
 * Leaving `running` ends the injected child actor, whose clean-up kills what is left of the process.
 */
import { assign, fromCallback, sendTo, setup } from 'xstate';

/** Where a started engine answers; path and password are secrets. */
export interface EngineAddress {
  readonly url: string;
  readonly pathname: string;
  readonly username: string;
  readonly password: string;
}

export type EngineEvent =
  | { readonly type: 'engine.answered'; readonly address: EngineAddress }
  | { readonly type: 'engine.exited'; readonly reason: string }
  /** It lives, but has not answered for so long that waiting on is no use. */
  | { readonly type: 'engine.hung'; readonly reason: string }
  | { readonly type: 'engine.stop' };

/** Asks the child to end cleanly. */
export type ChildCommand = { readonly type: 'child.end' };

export interface EngineTimes {
  /** Deadline of one start. */
  readonly startMs: number;
  /** How long a clean stop may take before the child is killed. */
  readonly stopMs: number;
  readonly backoffFirstMs: number;
  readonly backoffMaxMs: number;
  /** An engine that ran for so long starts its backoff from the first step again. */
  readonly steadyMs: number;
}

interface EngineContext {
  readonly times: EngineTimes;
  /** Starts that failed, and crashes, since the engine last ran steadily. */
  readonly failures: number;
  readonly reason: string;
  readonly address: EngineAddress | null;
}

export const engineMachine = setup({
  types: {
    context: {} as EngineContext, // XState reads the type of this value only
    events: {} as EngineEvent, // XState reads the type of this value only
    input: {} as EngineTimes, // XState reads the type of this value only
  },
  actors: {
    child: fromCallback<ChildCommand>(() => {
      throw new Error('The child process is injected with engineMachine.provide.');
    }),
  },
  actions: {
    noteAddress: assign(({ event }) => (event.type === 'engine.answered' ? { address: event.address } : {})),
    noteExit: assign(({ context, event }) => ({
      failures: context.failures + 1,
      address: null,
      reason: event.type === 'engine.exited' || event.type === 'engine.hung' ? event.reason : '',
    })),
    noteLate: assign(({ context }) => ({
      failures: context.failures + 1,
      address: null,
      reason: `it did not answer within ${context.times.startMs / 1000} s`,
    })),
    forgetAddress: assign({ address: null }),
    forgetFailures: assign({ failures: 0 }),
  },
  delays: {
    startMs: ({ context }) => context.times.startMs,
    stopMs: ({ context }) => context.times.stopMs,
    steadyMs: ({ context }) => context.times.steadyMs,
    backoffMs: ({ context }) => engineBackoffMs(context.times, context.failures),
  },
}).createMachine({
  id: 'engine',
  initial: 'running',
  context: ({ input }) => ({ times: input, failures: 0, reason: '', address: null }),
  states: {
    running: {
      initial: 'starting',
      invoke: { id: 'child', src: 'child' },
      on: {
        'engine.exited': { target: 'restarting', actions: 'noteExit' },
        'engine.stop': '.stopping',
      },
      states: {
        starting: {
          on: { 'engine.answered': { target: 'ready', actions: 'noteAddress' } },
          after: { startMs: { target: '#engine.restarting', actions: 'noteLate' } },
        },
        ready: {
          on: { 'engine.hung': { target: '#engine.restarting', actions: 'noteExit' } },
          after: { steadyMs: { actions: 'forgetFailures' } },
        },
        stopping: {
          entry: ['forgetAddress', sendTo('child', { type: 'child.end' })],
          on: { 'engine.exited': '#engine.stopped', 'engine.stop': {} },
          after: { stopMs: '#engine.stopped' },
        },
      },
    },
    restarting: {
      on: { 'engine.stop': 'stopped' },
      after: { backoffMs: 'running' },
    },
    stopped: { type: 'final' },
  },
});

/** The wait before the next start: doubled with each failure in a row, within a bound. */
export function engineBackoffMs(times: EngineTimes, failures: number): number {
  return Math.min(times.backoffMaxMs, times.backoffFirstMs * 2 ** Math.max(0, failures - 1));
}
