/**
 * History as one subscriber gets it: pages read ahead, within the budget that all share, written slice by slice as the
 * socket has room. What the socket does not take for a while is let go, and read again when it does: a slow reader
 * holds no page (I5).
 */
import {
  catchError,
  concat,
  concatMap,
  concatWith,
  defer,
  finalize,
  from,
  ignoreElements,
  map,
  type Observable,
  tap,
  throwError,
} from 'rxjs';
import type { HistoryPage, HistoryPageMax, HistoryReader, HistorySlice } from '../history/history.ts';
import type { Place } from '../history/position.ts';
import type { HistoryRow } from '../history/stored-rows.ts';
import { type Framing, frameText } from './frames.ts';
import { fromStore, type StoreGate } from './from-store.ts';
import { nextTurn } from './next-turn.ts';
import type { PageBudget, PageShare } from './page-budget.ts';
import type { SubscriberSocket } from './ports.ts';
import { readAhead } from './read-ahead.ts';
import type { SocketRoom } from './socket-room.ts';

export interface HistoryPipe {
  readonly socket: SubscriberSocket;
  readonly room: SocketRoom;
  readonly framing: Framing;
  readonly store: StoreGate;
  readonly pages: PageBudget;
  /** So long a page waits for its reader. */
  readonly holdMs: number;
  readonly counters: { delivered: number };
  readonly signal: AbortSignal;
  readonly read: (behind: Place | null, max: HistoryPageMax) => ReturnType<HistoryReader['byOccurred']>;
  /** Is told of each row before it is written. */
  readonly note: (row: HistoryRow) => void;
}

const stalled = Symbol('the socket took nothing for a while');

/** Writes all that is behind the place; emits nothing. */
export function writeHistory(pipe: HistoryPipe, start: Place | null): Observable<never> {
  const { room, signal } = pipe;
  const shares = new Map<HistoryPage, PageShare>();
  const taken = new Set<PageShare>();
  let behind = start;

  const read = (place: Place | null, max: HistoryPageMax): Observable<HistoryPage> =>
    pipe.pages.take(max.bytes).pipe(
      tap((share) => taken.add(share)),
      concatMap((share) =>
        fromStore(pipe.store, signal, () => pipe.read(place, max)).pipe(
          tap((page) => {
            share.shrinkTo(page.bytes);
            shares.set(page, share);
          }),
        ),
      ),
    );

  function release(page: HistoryPage): void {
    const share = shares.get(page);
    shares.delete(page);
    if (share === undefined) return;
    taken.delete(share);
    share.release();
  }

  function releaseAll(): void {
    shares.clear();
    for (const share of taken) share.release();
    taken.clear();
  }

  const write = (page: HistoryPage): Observable<never> =>
    from(page.slices).pipe(
      concatMap((slice) =>
        room.within(pipe.holdMs).pipe(
          map((hasRoom) => {
            if (!hasRoom) throw stalled;
            // Before it is written: a row that is framed in place has no place any more.
            behind = slice.last ?? behind;
            send(pipe, slice);
          }),
          concatWith(nextTurn()),
        ),
      ),
      ignoreElements(),
      tap({ complete: () => release(page) }),
    );

  const { shareBytesMax } = pipe.pages;
  const elapsedMs = (): number => performance.now();
  const pages$ = defer(() => readAhead({ read, write, elapsedMs, shareBytesMax }, behind));
  return concat(room.wait$.pipe(ignoreElements()), pages$).pipe(
    finalize(releaseAll),
    catchError((error, again) => (error === stalled ? again : throwError(() => error))),
  );
}

function send({ socket, framing, counters, note }: HistoryPipe, slice: HistorySlice): void {
  socket.cork(() => {
    for (const row of slice) {
      note(row);
      // A row is its own place, of which nothing is decoded unless the frame shows it.
      const { raw } = row;
      socket.send(typeof raw === 'string' ? frameText(framing, raw, row) : framing.stored(raw, row));
      counters.delivered += 1;
    }
  });
}
