/**
 * Asks ClickHouse which parked events it has (I11), in batches, oldest first, for as long as it takes (I9). What is in
 * the window at the time of the question is settled without it: so all that the answer lacks was never inserted, for
 * what is not in the window is at or below the checkpoint.
 */

import { Failure } from '../base/errors.ts';
import { failPoint } from '../base/fail-point.ts';
import type { Log } from '../base/log.ts';
import type { Store } from '../clickhouse/store.ts';
import type { IdWindow } from '../ids/id-window.ts';
import { askStore } from './ask-store.ts';
import type { Unpark } from './intake.ts';
import type { ParkedEvents } from './parked-events.ts';

export interface ResolveParts {
  readonly parked: ParkedEvents;
  readonly window: Pick<IdWindow, 'seqOf'>;
  readonly unpark: Unpark;
  readonly store: Pick<Store, 'rows' | 'whenReady' | 'command' | 'layout'>;
  /** Runs a look-up and what comes of it while nothing else stores old events; rejects if the signal aborts before. */
  readonly alone?: (work: () => Promise<void>, signal: AbortSignal) => Promise<void>;
  /** Resolves after so long, or at once when the signal aborts. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Log;
}

export interface ParkedResolver {
  /** Lets the step under way end. */
  stop(): Promise<void>;
}

const batchEventsMax = 1000;
const pauseMs = 250;

export function startParkedResolver(parts: ResolveParts): ParkedResolver {
  const { parked, window, store, log, alone = (work) => work() } = parts;
  const stopping = new AbortController();
  const { signal } = stopping;
  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  let eventsMax = batchEventsMax;

  async function step(): Promise<void> {
    await Promise.race([parked.someDurable(), stopped]);
    if (signal.aborted) return;
    const rows = parked.oldest(eventsMax);
    const known = rows.filter(({ id }) => window.seqOf(id) !== null);
    if (known.length > 0) return await parts.unpark(known, () => 'new');
    await store.whenReady(signal);
    await alone(async () => {
      const unknown = rows.filter(({ id }) => window.seqOf(id) === null);
      if (unknown.length === 0) return;
      const answerOf = await askStore(store, unknown, signal);
      if (signal.aborted) return;
      failPoint('parked-looked-up');
      await parts.unpark(unknown, answerOf);
    }, signal);
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        await step();
        eventsMax = batchEventsMax;
      } catch (error) {
        if (signal.aborted) return;
        eventsMax = Math.max(1, Math.floor(eventsMax / 2));
        const isExpected = error instanceof Failure && error.failure !== 'internal';
        log[isExpected ? 'info' : 'error']({ err: error, waiting: parked.size }, 'parked events wait on');
        await parts.pause(pauseMs, signal);
      }
    }
  }

  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
