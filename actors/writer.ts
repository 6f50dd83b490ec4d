/**
 * The phases of the table writer. Rows never pass its mailbox: it is told once that rows wait and once that a
 * batch is full, and calls for one insert at a time.
 *
 *            rows.waiting            batch.filled | after flushMs
 *   idle ───────────────► collecting ───────────────────────────► inserting ──► (rows wait?) collecting : idle
 *                                                                    ▲   │ failed
 *                                                       after backoff│   ▼
 *                                                                  backingOff
 *   writer.stopped, from anywhere ──► stopped (an insert under way is finished first)
 */
import { assign, fromPromise, setup } from 'xstate';

export interface WriterContext {
  /** Inserts that failed in a row. */
  readonly failures: number;
}

export type WriterEvent =
  | { readonly type: 'rows.waiting' }
  | { readonly type: 'batch.filled' }
  | { readonly type: 'writer.stopped' };

/** What an insert left behind: nothing, some rows, or a whole batch and more. */
export type Remaining = 'none' | 'some' | 'full';

export const backoffMs = { first: 200, max: 5_000 };

export const writerMachine = setup({
  types: { context: {} as WriterContext, events: {} as WriterEvent }, // XState reads the types only
  actors: {
    /** Inserts the next range, and says what is left; rejects if the store did not take it. */
    insertNext: fromPromise<Remaining>(() => Promise.reject(new Error('insertNext is not provided'))),
  },
  delays: {
    flush: 500,
    backoff: ({ context }) => Math.min(backoffMs.max, backoffMs.first * 2 ** (context.failures - 1)),
  },
}).createMachine({
  id: 'writer',
  context: { failures: 0 },
  initial: 'idle',
  on: { 'writer.stopped': '.stopped' },
  states: {
    idle: { on: { 'rows.waiting': 'collecting', 'batch.filled': 'inserting' } },
    collecting: { on: { 'batch.filled': 'inserting' }, after: { flush: 'inserting' } },
    inserting: {
      invoke: {
        src: 'insertNext',
        onDone: [
          {
            guard: ({ event }) => event.output === 'full',
            target: 'inserting',
            reenter: true,
            actions: assign({ failures: 0 }),
          },
          { guard: ({ event }) => event.output === 'some', target: 'collecting', actions: assign({ failures: 0 }) },
          { target: 'idle', actions: assign({ failures: 0 }) },
        ],
        onError: { target: 'backingOff', actions: assign({ failures: ({ context }) => context.failures + 1 }) },
      },
    },
    backingOff: { after: { backoff: 'inserting' } },
    stopped: { type: 'final' },
  },
});
