/**
 * What a feed gets from the store: one stretch of it, and before that a word about what retention has taken (I3).
 */
import { concat, defer, EMPTY, ignoreElements, type Observable, tap } from 'rxjs';
import { Failure } from '../base/errors.ts';
import { formatTimeForClickHouse } from '../filter/time.ts';
import type { StoredRange } from '../history/page-sql.ts';
import type { Place } from '../history/position.ts';
import type { FeedState } from './feed-state.ts';
import { fromStore } from './from-store.ts';
import { writeHistory } from './history-pipe.ts';
import { createRepeatGuard } from './repeat-guard.ts';
import type { Stretch } from './start.ts';

/** Writes what the store has of a stretch; then the position is its end. */
export function storedStretch$(feed: FeedState, stretch: Stretch): Observable<never> {
  const { after, checkpoint, from } = stretch;
  feed.isInHistory = true;
  return concat(
    tellLoss$(feed, stretch),
    defer(() => {
      const range = { after, checkpoint: checkpoint ?? feed.sources.journal.checkpoint };
      feed.position = range.checkpoint;
      feed.guard = createRepeatGuard(range.checkpoint);
      feed.announce(range, from ?? 'start');
      return history$(feed, range, from);
    }),
    defer(() => {
      feed.isInHistory = false;
      return EMPTY;
    }),
  );
}

function history$(feed: FeedState, range: StoredRange, from: Place | null): Observable<never> {
  const { socket, room, framing, held } = feed;
  const { store, pages, history, options, counters } = feed.sources;
  const { signal } = feed.ending;
  return writeHistory(
    {
      ...{ socket, room, framing, store, pages, counters, signal },
      holdMs: options.holdMs,
      read: (behind, max) => history.byOccurred(held.filters, range, behind, max, signal),
      note: (row) => feed.guard.note(row),
    },
    from,
  );
}

/** A stretch that retention has begun to take is told, never a silent hole; what starts afresh has lost nothing. */
function tellLoss$(feed: FeedState, { after, checkpoint, from }: Stretch): Observable<never> {
  const { store, history, journal } = feed.sources;
  const { signal } = feed.ending;
  if (checkpoint === null) return fromStore(store, signal, async () => undefined).pipe(ignoreElements());
  // Nothing is received before it occurs, as far as anybody can tell: what occurred since then was received since then.
  const occurred = from?.occurred ?? formatTimeForClickHouse(feed.held.filter.occurred.since);
  const newest = journal.checkpoint;
  return fromStore(store, signal, () => history.retained()).pipe(
    tap(({ seq, since }) => {
      const oldest = seq ?? newest + 1;
      if (occurred >= since || (after > 0 && oldest <= after + 1)) return;
      if (!feed.framing.hasControl) throw new Failure('pastRetention', 'What comes next has expired');
      feed.sayGap('retention', oldest);
    }),
    ignoreElements(),
  );
}
