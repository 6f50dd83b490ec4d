/**
 * The exact feed of one subscriber (I3), told in order: history as of the checkpoint, then the log from there, then
 * live from the mark. History and log are RxJS pipes that read when the socket has room, write, and only then read on
 * (I5); while the feed is live, nothing of this file runs per event.
 *
 *   history ──► log ──► (position = mark) ──► live
 *      ▲         ▲ │                            │ the socket lags
 *      │         └─┼────────────────────────────┘
 *      └───────────┘ trimmed past the position: history from there
 */
import { concat, type Observable, type Subscription } from 'rxjs';
import { Failure } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { FanOut } from './fan-out.ts';
import { type FeedSources, FeedState } from './feed-state.ts';
import type { Member } from './filter-topics.ts';
import { framingOf } from './frames.ts';
import type { HeldFilters } from './held-filters.ts';
import { logUntilMark$ } from './log-until-mark.ts';
import type { Feed, FeedListener, OpenFeed } from './ports.ts';
import { createRepeatGuard } from './repeat-guard.ts';
import { createSharedLog, type SharedLog } from './shared-log.ts';
import { type Start, startOf } from './start.ts';
import { storedStretch$ } from './stored-stretch.ts';

export interface FeedParts extends FeedSources {
  readonly fanOut: FanOut;
  readonly filters: HeldFilters;
  readonly options: FeedSources['options'] & { readonly bufferBytesMax: number };
  readonly log: Log;
}

/** Makes the function that opens feeds; each opened feed runs until it fails or is stopped. */
export function createOpenFeed(parts: FeedParts): OpenFeed {
  const sharedLog = createSharedLog(parts.journal, parts.options.sliceBytesMax);
  return (request, socket, listener) => {
    const { filters, at, gap } = startOf(parts, request);
    // The filter that was sent is let go: an equal one may be held already.
    const held = parts.filters.hold(filters);
    try {
      const state = new FeedState(parts, held, request.scope.seal, framingOf(request.form), socket);
      const feed = new SubscriberFeed(parts, state, sharedLog, listener);
      feed.begin({ at, gap });
      return feed;
    } catch (error) {
      held.release();
      throw error;
    }
  };
}

class SubscriberFeed implements Feed {
  readonly #parts: Pick<FeedParts, 'fanOut' | 'live' | 'log'>;
  readonly #state: FeedState;
  readonly #sharedLog: SharedLog;
  readonly #listener: FeedListener;
  readonly #member: Member;
  #running: Subscription | null = null;
  #isLive = false;

  constructor(parts: FeedParts, state: FeedState, sharedLog: SharedLog, listener: FeedListener) {
    this.#parts = parts;
    this.#state = state;
    this.#sharedLog = sharedLog;
    this.#listener = listener;
    const { held, socket, framing } = state;
    this.#member = {
      ...{ filter: held.filter, filters: held.filters, key: held.key, fits: held.fits, socket, framing },
      lags: () => this.#lags(),
    };
  }

  begin({ at, gap }: Omit<Start, 'filters'>): void {
    const state = this.#state;
    if (gap !== null) state.sayGap(gap, state.sources.journal.oldest);
    if (typeof at !== 'number') {
      this.#run(concat(storedStretch$(state, at), this.#log$()));
      return;
    }
    state.position = at;
    if (!state.isTrimmed) state.announce({ after: at, checkpoint: at }, at);
    this.#run(this.#log$());
  }

  get position(): number | null {
    const { isInHistory, position } = this.#state;
    return this.#isLive ? this.#parts.live.mark : isInHistory ? null : position;
  }

  drained(): void {
    this.#state.room.drained();
  }

  heartbeat(): void {
    const state = this.#state;
    if (this.#isLive) state.position = this.#parts.live.mark;
    state.say(state.framing.heartbeat(state.isInHistory ? null : state.position));
  }

  stop(): void {
    this.#state.ending.abort();
    this.#running?.unsubscribe();
    this.#parts.fanOut.leave(this.#member);
    this.#state.held.release();
  }

  #log$(): Observable<never> {
    return logUntilMark$(this.#state, this.#sharedLog, () => this.#goLive());
  }

  #goLive(): void {
    const state = this.#state;
    state.guard = createRepeatGuard(-1);
    state.say(state.framing.caughtUp(state.position));
    this.#parts.fanOut.join(this.#member);
    this.#isLive = true;
    this.#listener.caughtUp();
  }

  #lags(): void {
    this.#isLive = false;
    this.#state.position = this.#parts.live.mark;
    this.#listener.lagging();
    this.#run(this.#log$());
  }

  #run(phases$: Observable<unknown>): void {
    this.#running?.unsubscribe();
    this.#running = phases$.subscribe({
      error: (error: unknown) => {
        if (this.#state.ending.signal.aborted) return;
        if (!(error instanceof Failure)) this.#parts.log.error({ err: error }, 'a feed failed');
        this.#listener.failed(
          error instanceof Failure ? error : new Failure('internal', 'The feed failed.', { cause: error }),
        );
      },
    });
  }
}
