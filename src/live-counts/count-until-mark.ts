/**
 * What brings a counter up to the mark, told in order: what the store has, then the log. What trim takes meanwhile the
 * store has: those seqs are read from there (I13).
 */
import { concat, concatMap, defer, EMPTY, expand, ignoreElements, type Observable, of } from 'rxjs';
import type { EventReader } from '../feed/event-reader.ts';
import { fromStore, type StoreGate } from '../feed/from-store.ts';
import { nextTurn } from '../feed/next-turn.ts';
import { CountedEvent } from './counted-event.ts';
import type { Counter } from './counter.ts';
import type { ReadStored, StoredGroup } from './stored-groups.ts';

export interface CountSources {
  readonly journal: EventReader;
  readonly live: { readonly mark: number };
  readonly readStored: ReadStored;
  readonly gate: StoreGate;
  readonly sliceBytesMax: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** So many groups are taken within a turn. */
const groupsOfTurn = 2_000;

/** Reads on until the counter's position is the mark, and then calls `goLive` in the same synchronous step. */
export function countUntilMark$(
  sources: CountSources,
  counter: Counter,
  signal: AbortSignal,
  goLive: () => void,
): Observable<never> {
  const { live, journal } = sources;
  const counted = new CountedEvent();
  const step = defer((): Observable<unknown> => {
    const { position } = counter;
    if (position === null || (position < live.mark && position + 1 < journal.oldest)) {
      return concat(stored$(sources, counter, position ?? 0, signal), of('read on'));
    }
    if (position < live.mark) {
      // However long the store was waited for: what has occurred by now does not wait for the window.
      counter.moveOn(sources.now());
      counter.position = countLog(sources, counter, position, counted);
    }
    if (counter.failure !== null) throw counter.failure;
    if ((counter.position ?? 0) < live.mark) return of('read on');
    goLive();
    return EMPTY;
  });
  return of('read on').pipe(
    expand(() => concat(nextTurn(), step)),
    ignoreElements(),
  );
}

/** A slice of the log. Gives the new position. */
function countLog(
  { journal, live, sliceBytesMax }: CountSources,
  counter: Counter,
  position: number,
  counted: CountedEvent,
): number {
  const { events, last } = journal.read(position + 1, sliceBytesMax, live.mark);
  for (const event of events) {
    if (!counter.held.fits(event)) continue;
    counted.become(event);
    counted.read();
    counter.count(counted);
  }
  return Math.min(last, live.mark);
}

/** Seqs behind `after`, up to the checkpoint of when the store is ready. */
function stored$(sources: CountSources, counter: Counter, after: number, signal: AbortSignal): Observable<never> {
  const { readStored, gate, journal } = sources;
  return fromStore(gate, signal, async () => {
    counter.moveOn(sources.now());
    const range = { after, upTo: journal.checkpoint };
    const groups = await readStored(counter.question, counter.span, range, signal);
    return { groups, upTo: range.upTo };
  }).pipe(
    concatMap(({ groups, upTo }) =>
      concat(
        take$(counter, groups),
        defer(() => {
          counter.position = upTo;
          return EMPTY;
        }),
      ),
    ),
  );
}

function take$(counter: Counter, groups: readonly StoredGroup[]): Observable<never> {
  return of(0).pipe(
    expand((at) => {
      counter.addStored(groups.slice(at, at + groupsOfTurn));
      const next = at + groupsOfTurn;
      return next < groups.length ? concat(nextTurn(), of(next)) : EMPTY;
    }),
    ignoreElements(),
  );
}
