/**
 * The exact feed of one subscriber (I3), told in order: history as of the checkpoint, then the log from there, then live
 * from the mark. History and log are RxJS pipes that read a page, write it as the socket drains, and only then read on (I5);
 * while the feed is live, nothing of this file runs per event.
 *
 *   history ──► log ──► (position = mark) ──► live
 *                ▲                              │ the socket lags
 *                └──────────────────────────────┘
 */
import {
  concat,
  concatMap,
  concatWith,
  defer,
  EMPTY,
  expand,
  from,
  ignoreElements,
  type Observable,
  type Subscription,
  tap,
} from 'rxjs';
import { Failure } from '../errors.ts';
import { compilePredicate, insideWindow } from '../filter/predicate.ts';
import type { Log } from '../log.ts';
import { eventFrame, type FanOut, type Member } from './fan-out.ts';
import { fromStore, type StoreGate } from './from-store.ts';
import type { HistoryPage, HistoryPosition, HistoryReader } from './history.ts';
import type { LogReader } from './log-reader.ts';
import { nextTurn } from './next-turn.ts';
import type { Feed, FeedListener, FeedRequest, OpenFeed, SubscriberSocket } from './ports.ts';
import { createRepeatGuard } from './repeat-guard.ts';
import { createRoom } from './room.ts';

export interface FeedParts {
  readonly journal: LogReader;
  readonly live: { readonly mark: number };
  readonly fanOut: FanOut;
  readonly history: HistoryReader;
  readonly store: StoreGate;
  readonly options: { readonly bufferBytesMax: number; readonly chunkBytesMax: number; readonly sliceBytesMax: number };
  readonly counters: { delivered: number; repeats: number };
  readonly log: Log;
}

interface Row {
  readonly seq: number;
  readonly id: string;
  readonly raw: string;
}

/** Makes the function that opens feeds; each opened feed runs until it fails or is stopped. */
export function createOpenFeed(parts: FeedParts): OpenFeed {
  return (request, socket, listener) => openFeed(parts, request, socket, listener);
}

function openFeed(parts: FeedParts, request: FeedRequest, socket: SubscriberSocket, listener: FeedListener): Feed {
  const { journal, live, fanOut, counters } = parts;
  const { filter } = request;
  const room = createRoom(socket, parts.options.bufferBytesMax);
  const ending = new AbortController();
  const fits = compilePredicate(filter);
  let guard = createRepeatGuard(-1);
  /** All events up to here were delivered, or do not match. */
  let position = live.mark;
  let running: Subscription | null = null;

  /** Writes rows slice by slice as the socket has room; emits nothing. */
  function write(rows: readonly Row[]): Observable<never> {
    return from(slicesOf(rows, parts.options.sliceBytesMax)).pipe(
      concatMap((slice) => room.wait$.pipe(tap(() => send(slice)))),
      ignoreElements(),
    );
  }

  function send(slice: readonly Row[]): void {
    socket.cork(() => {
      for (const row of slice) socket.send(eventFrame(row.raw));
    });
    counters.delivered += slice.length;
  }

  function history$(checkpoint: number): Observable<unknown> {
    const page = (after: HistoryPosition | null): Observable<HistoryPage> =>
      fromStore(parts.store, ending.signal, () => parts.history.byOccurred(filter, checkpoint, after, ending.signal));
    return page(null).pipe(
      tap(({ rows }) => {
        for (const row of rows) guard.note(row.seq, row.id);
      }),
      expand(({ rows, next }) => write(rows).pipe(concatWith(next === null ? EMPTY : page(next)))),
    );
  }

  /** Reads on from the position until it is the mark, then joins the live members in the same synchronous step. */
  function log$(): Observable<unknown> {
    const chunk = (): Observable<readonly Row[]> => {
      if (position < live.mark) return position + 1 < journal.oldest ? trimmed() : from([readLog()]);
      goLive();
      return EMPTY;
    };
    return from([[] as readonly Row[]]).pipe(
      expand((rows) => write(rows).pipe(concatWith(nextTurn(), room.wait$.pipe(ignoreElements()), defer(chunk)))),
    );
  }

  function readLog(): readonly Row[] {
    const { events, last } = journal.read(position + 1, parts.options.chunkBytesMax, live.mark);
    const rows: Row[] = [];
    for (const event of events) {
      const { seq, raw, body } = event;
      if (!fits(event) || !insideWindow(filter.occurred, body.occurred)) continue;
      if (guard.repeats(seq, body.id)) counters.repeats += 1;
      else rows.push({ seq, raw, id: body.id });
    }
    position = last;
    return rows;
  }

  /** The log was trimmed past the position: the store has those events, for trim follows the checkpoint. */
  function trimmed(): Observable<readonly Row[]> {
    const upTo = journal.checkpoint;
    return fromStore(parts.store, ending.signal, () => parts.history.bySeq(filter, position, upTo, ending.signal)).pipe(
      tap(({ rows, complete }) => {
        position = complete ? upTo : (rows.at(-1)?.seq ?? upTo);
      }),
      concatMap(({ rows }) => from([rows])),
    );
  }

  const member: Member = {
    filter,
    socket,
    lags() {
      position = live.mark;
      listener.lagging();
      run(log$());
    },
  };

  function goLive(): void {
    guard = createRepeatGuard(-1);
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

  function begin(): Observable<unknown> {
    position = journal.checkpoint;
    guard = createRepeatGuard(position);
    return concat(history$(position), log$());
  }

  run(request.backfill ? fromStore(parts.store, ending.signal, async () => undefined).pipe(concatMap(begin)) : log$());

  return {
    drained: room.drained,
    stop() {
      ending.abort();
      running?.unsubscribe();
      fanOut.leave(member);
    },
  };
}

function slicesOf(rows: readonly Row[], bytesMax: number): Row[][] {
  const slices: Row[][] = [];
  let slice: Row[] = [];
  let bytes = 0;
  for (const row of rows) {
    slice.push(row);
    bytes += row.raw.length;
    if (bytes < bytesMax) continue;
    slices.push(slice);
    slice = [];
    bytes = 0;
  }
  if (slice.length > 0) slices.push(slice);
  return slices;
}
