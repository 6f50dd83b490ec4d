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
import {
  concat,
  defer,
  EMPTY,
  expand,
  finalize,
  ignoreElements,
  type Observable,
  of,
  type Subscription,
  tap,
} from 'rxjs';
import { Failure } from '../base/errors.ts';
import type { SigningKeys } from '../base/keys.ts';
import type { Log } from '../base/log.ts';
import { formatTimeForClickHouse } from '../filter/time.ts';
import type { HistoryReader, SeqRange } from '../history/history.ts';
import type { Place, Position } from '../history/position.ts';
import type { EventReader } from './event-reader.ts';
import type { FanOut, Member } from './fan-out.ts';
import { type Framing, framingOf } from './frames.ts';
import { fromStore, type StoreGate } from './from-store.ts';
import type { HeldFilter, HeldFilters } from './held-filters.ts';
import { writeHistory } from './history-pipe.ts';
import { nextTurn } from './next-turn.ts';
import type { PageBudget } from './page-budget.ts';
import type { Feed, FeedListener, OpenFeed, SubscriberSocket } from './ports.ts';
import { createRepeatGuard } from './repeat-guard.ts';
import { sealResumeToken } from './resume-token.ts';
import {
  createSharedLog,
  isInside,
  type LogMatch,
  liesInside,
  type SharedLog,
  type SharedReader,
} from './shared-log.ts';
import { createSocketRoom } from './socket-room.ts';
import { type Start, type Stretch, startOf } from './start.ts';

export interface FeedParts {
  readonly journal: EventReader;
  readonly live: { readonly mark: number };
  readonly fanOut: FanOut;
  readonly history: HistoryReader;
  readonly store: StoreGate;
  readonly keys: SigningKeys;
  readonly pages: PageBudget;
  readonly filters: HeldFilters;
  readonly options: { readonly bufferBytesMax: number; readonly sliceBytesMax: number; readonly holdMs: number };
  readonly counters: { delivered: number; repeats: number };
  readonly log: Log;
}

/** Makes the function that opens feeds; each opened feed runs until it fails or is stopped. */
export function createOpenFeed(parts: FeedParts): OpenFeed {
  const sharedLog = createSharedLog(parts.journal, parts.options.sliceBytesMax);
  return (request, socket, listener) => {
    const start = startOf(parts, request);
    const held = parts.filters.hold(start.filter);
    try {
      const { at, gap } = start;
      // The filter that was sent is let go: an equal one may be held already.
      return openFeed(parts, sharedLog, framingOf(request.form), held, { at, gap }, socket, listener);
    } catch (error) {
      held.release();
      throw error;
    }
  };
}

function openFeed(
  parts: FeedParts,
  sharedLog: SharedLog,
  framing: Framing,
  { filter, key, fits, release }: HeldFilter,
  start: Omit<Start, 'filter'>,
  socket: SubscriberSocket,
  listener: FeedListener,
): Feed {
  const { journal, live, fanOut, counters } = parts;
  const room = createSocketRoom(socket);
  const ending = new AbortController();
  let guard = createRepeatGuard(-1);
  /** All events up to here were delivered, or do not match. */
  let position = live.mark;
  let running: Subscription | null = null;
  const say = (frame: string): void => {
    if (frame !== '') socket.send(frame);
  };

  /** At once: the socket had room for as much as was read. */
  function sendLog(rows: readonly LogMatch[]): void {
    socket.cork(() => {
      for (const { frame } of rows) socket.send(frame);
    });
    counters.delivered += rows.length;
  }

  /** From here on, positions are of this range. */
  function announce(range: SeqRange, at: Position): void {
    if (!framing.hasControl) return;
    const { epoch } = journal;
    const token = sealResumeToken(parts.keys, filter, { epoch, ...range, window: filter.occurred });
    say(framing.token({ token, epoch, checkpoint: range.checkpoint }, at));
  }

  /** What the store has of a stretch; then the position is its end. */
  function stretch$(stretch: Stretch): Observable<never> {
    const { after, checkpoint, from } = stretch;
    return concat(
      tellLoss$(stretch),
      defer(() => {
        const range = { after, checkpoint: checkpoint ?? journal.checkpoint };
        position = range.checkpoint;
        guard = createRepeatGuard(position);
        announce(range, from ?? 'start');
        return history$(range, from);
      }),
    );
  }

  function history$(range: SeqRange, from: Place | null): Observable<never> {
    const { signal } = ending;
    const { store, pages, history, options } = parts;
    return writeHistory(
      {
        ...{ socket, room, framing, store, pages, counters, signal },
        holdMs: options.holdMs,
        read: (behind, max) => history.byOccurred(filter, range, behind, max, signal),
        note: (row) => guard.note(row),
      },
      from,
    );
  }

  /**
   * A stretch that retention has begun to take is told, never a silent hole (I3); what starts afresh has lost nothing.
   */
  function tellLoss$({ after, checkpoint, from }: Stretch): Observable<never> {
    if (checkpoint === null) return fromStore(parts.store, ending.signal, async () => undefined).pipe(ignoreElements());
    // Nothing is received before it occurs, as far as anybody can tell: what occurred since then was received since
    // then.
    const occurred = from?.occurred ?? formatTimeForClickHouse(filter.occurred.since);
    const newest = journal.checkpoint;
    return fromStore(parts.store, ending.signal, () => parts.history.retained()).pipe(
      tap(({ seq, since }) => {
        const oldest = seq ?? newest + 1;
        if (occurred >= since || (after > 0 && oldest <= after + 1)) return;
        if (!framing.hasControl) throw new Failure('pastRetention', 'What comes next has expired');
        say(framing.gap({ reason: 'retention', epoch: journal.epoch, oldest, head: live.mark }));
      }),
      ignoreElements(),
    );
  }

  /** Reads on from the position until it is the mark, then joins the live members in the same synchronous step. */
  function log$(): Observable<unknown> {
    let reader: SharedReader | null = null;
    const step = defer((): Observable<unknown> => {
      if (isTrimmed()) return concat(storeChunk(), of('read on'));
      if (position < live.mark) {
        reader ??= sharedLog(key, fits, framing);
        sendLog(readLog(reader));
      }
      // Looked at again at once: with many readers a turn is so long that the mark moves in each.
      if (position < live.mark) return of('read on');
      goLive();
      return EMPTY;
    });
    return of('read on').pipe(
      expand(() => concat(nextTurn(), room.wait$.pipe(ignoreElements()), step)),
      finalize(() => reader?.leave()),
      ignoreElements(),
    );
  }

  /** The store has what was trimmed, for trim follows the checkpoint. */
  function isTrimmed(): boolean {
    return position < live.mark && position + 1 < journal.oldest;
  }

  function storeChunk(): Observable<never> {
    return stretch$({ after: position, checkpoint: journal.checkpoint, from: null });
  }

  function readLog(reader: SharedReader): readonly LogMatch[] {
    const stretch = reader.read(position + 1, live.mark);
    position = stretch.last;
    const { occurred } = filter;
    const matches = liesInside(stretch, occurred)
      ? stretch.matches
      : stretch.matches.filter((match) => isInside(match, occurred));
    const rows = matches.filter(({ seq, id }) => !guard.repeats(seq, id));
    counters.repeats += matches.length - rows.length;
    return rows;
  }

  const member: Member = {
    filter,
    key,
    fits,
    socket,
    framing,
    lags() {
      position = live.mark;
      listener.lagging();
      run(log$());
    },
  };

  function goLive(): void {
    guard = createRepeatGuard(-1);
    say(framing.caughtUp(position));
    fanOut.join(member);
    listener.caughtUp();
  }

  function run(phases$: Observable<unknown>): void {
    running?.unsubscribe();
    running = phases$.subscribe({
      error: (error: unknown) => {
        if (ending.signal.aborted) return;
        if (!(error instanceof Failure)) parts.log.error({ err: error }, 'a feed failed');
        listener.failed(
          error instanceof Failure ? error : new Failure('internal', 'The feed failed.', { cause: error }),
        );
      },
    });
  }

  function begin(): void {
    const { at, gap } = start;
    if (gap !== null) {
      say(framing.gap({ reason: gap, epoch: journal.epoch, oldest: journal.oldest, head: live.mark }));
    }
    if (typeof at !== 'number') {
      run(concat(stretch$(at), log$()));
      return;
    }
    position = at;
    if (!isTrimmed()) announce({ after: at, checkpoint: at }, at);
    run(log$());
  }

  begin();

  return {
    drained: room.drained,
    stop() {
      ending.abort();
      running?.unsubscribe();
      fanOut.leave(member);
      release();
    },
  };
}
