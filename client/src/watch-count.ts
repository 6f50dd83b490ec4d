/** A count that stays live: the newest state whenever it is asked for, over breaks and restarts. */
import type { Count } from '../../schemas/count.ts';
import type { CountsFrame, CountsMessage } from '../../schemas/count-frames.ts';
import type { OutFrame } from '../../schemas/wire.ts';
import type { CountBy, CountOptions } from './count.ts';
import { CountsList } from './counts-list.ts';
import { asSluiceError, SluiceError } from './errors.ts';
import type { EventFilter } from './event-filter.ts';
import { Link, type LinkParts } from './link.ts';
import { Attempts, type Retry } from './retry.ts';

export interface WatchCountOptions extends CountOptions {
  /** A window that slides, as `45s`, `10m`, `12h`, `7d` or `4w`, in the place of the filter's `occurred`. */
  readonly last?: string | undefined;
}

/** What a count would answer for this window, of all events up to the position. */
export interface LiveCount {
  readonly position: number;
  /** Both inclusive. */
  readonly since: string;
  readonly until: string;
  readonly counts: readonly Count[];
}

export interface WatchParts extends LinkParts {
  readonly retry: Retry;
}

/**
 * Yields the newest state; those that came while the one before was looked at are passed over. Throws SluiceError for
 * what does not pass, and what the signal was aborted with.
 */
export async function* watchCount(
  parts: WatchParts,
  by: CountBy,
  filter: EventFilter,
  options: WatchCountOptions,
): AsyncGenerator<LiveCount, never> {
  const { signal } = options;
  const message = messageOf(by, filter, options);
  const attempts = new Attempts(parts.retry, signal);
  let hasRenewed = false;
  for (;;) {
    try {
      for await (const state of statesOf(parts, message, signal)) {
        attempts.succeeded();
        hasRenewed = false;
        yield state;
      }
    } catch (error) {
      const isRefused = asSluiceError(error).failure === 'unauthorized' && signal?.aborted !== true;
      if (!isRefused || !parts.endpoints.mayRenew || hasRenewed) await attempts.failed(error);
      else hasRenewed = true;
    }
  }
}

function messageOf(by: CountBy, filter: EventFilter, options: WatchCountOptions): CountsMessage {
  const { limit, timeUnit, timeInterval, last } = options;
  return {
    type: 'counts',
    filter,
    countable: by,
    heartbeats: true,
    ...(limit !== undefined && { limit }),
    ...(timeUnit !== undefined && { time_unit: timeUnit }),
    ...(timeInterval !== undefined && { time_interval: timeInterval }),
    ...(last !== undefined && { last }),
  };
}

/** Of one connection; throws what it ended with. */
async function* statesOf(
  parts: LinkParts,
  message: CountsMessage,
  signal: AbortSignal | undefined,
): AsyncGenerator<LiveCount, never> {
  const list = new CountsList(message.countable === 'time' || message.countable === 'day');
  let fresh: CountsFrame | null = null;
  let error: SluiceError | null = null;
  let wake = (): void => undefined;
  const stop = (): void => wake();
  const link = new Link(parts, '/events/out', {
    opened: (open, { acks }) => {
      if (acks) open.send(JSON.stringify(message));
      else error = new SluiceError('This server has no live counts', { failure: 'unsupported', retryable: false });
      wake();
    },
    received: (text) => {
      const frame: OutFrame = JSON.parse(text);
      if (frame.type !== 'counts') return;
      list.apply(frame);
      fresh = frame;
      wake();
    },
    isWaiting: () => true,
    ended: (ending) => {
      error = ending;
      wake();
    },
  });
  signal?.addEventListener('abort', stop);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const frame = fresh as CountsFrame | null; // set by what comes meanwhile
      const ending = error as SluiceError | null; // likewise
      fresh = null;
      if (frame !== null) yield stateOf(frame, list);
      else if (ending !== null) throw ending;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    link.close();
  }
}

function stateOf({ position, since, until }: CountsFrame, list: CountsList): LiveCount {
  return { position, since, until, counts: list.counts() };
}
