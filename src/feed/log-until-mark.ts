/**
 * What a feed gets from the log: all from its position up to the mark, a stretch at a time, as the socket has room
 * (I5).
 */
import { concat, defer, EMPTY, expand, finalize, ignoreElements, type Observable, of, throwError, timer } from 'rxjs';
import { Failure } from '../base/errors.ts';
import type { FeedState } from './feed-state.ts';
import { isInside, type LogMatch, liesInside } from './log-stretch.ts';
import { nextTurn } from './next-turn.ts';
import type { SharedLog, SharedReader } from './shared-log.ts';
import { storedStretch$ } from './stored-stretch.ts';

const behindMsMax = 30_000;
const behindLookMs = 20;

/** Reads on until the position is the mark, and then calls `goLive` in the same synchronous step. */
export function logUntilMark$(feed: FeedState, sharedLog: SharedLog, goLive: () => void): Observable<never> {
  const { live, journal } = feed.sources;
  let reader: SharedReader | null = null;
  let waitsSince: number | null = null;
  const step = defer((): Observable<unknown> => {
    if (feed.isTrimmed) {
      const stretch = { after: feed.position, checkpoint: journal.checkpoint, from: null };
      return concat(storedStretch$(feed, stretch), of('read on'));
    }
    if (feed.position < live.mark) {
      reader ??= sharedLog(feed.held.key, feed.held.fits, feed.framing);
      send(feed, read(feed, reader));
    }
    if (feed.position > live.mark) {
      waitsSince ??= performance.now();
      return behindMark$(waitsSince);
    }
    // Looked at again at once: with many readers a turn is so long that the mark moves in each.
    if (feed.position < live.mark) return of('read on');
    goLive();
    return EMPTY;
  });
  return of('read on').pipe(
    expand(() => concat(nextTurn(), feed.room.wait$.pipe(ignoreElements()), step)),
    finalize(() => reader?.leave()),
    ignoreElements(),
  );
}

/** Another gateway was further than this one is: it has to catch up, and not for long. */
function behindMark$(since: number): Observable<unknown> {
  if (performance.now() - since < behindMsMax) return timer(behindLookMs);
  return throwError(() => new Failure('gatewayBehind', 'This gateway has not reached your position; try another one.'));
}

function read(feed: FeedState, reader: SharedReader): readonly LogMatch[] {
  const { live, counters } = feed.sources;
  const stretch = reader.read(feed.position + 1, live.mark);
  feed.position = stretch.last;
  const { occurred } = feed.held.filter;
  const matches = liesInside(stretch, occurred)
    ? stretch.matches
    : stretch.matches.filter((match) => isInside(match, occurred));
  const rows = matches.filter(({ seq, id }) => !feed.guard.repeats(seq, id));
  counters.repeats += matches.length - rows.length;
  return rows;
}

/** At once: the socket had room for as much as was read. */
function send({ socket, sources }: FeedState, rows: readonly LogMatch[]): void {
  socket.cork(() => {
    for (const { frame } of rows) socket.send(frame);
  });
  sources.counters.delivered += rows.length;
}
