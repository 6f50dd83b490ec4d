/**
 * Pages of history, written one after the other while the next is already being read (I5). Their size follows the
 * reader: a small one first, so that something comes soon; then as much as it takes in half a second, so that a fast
 * reader costs few queries and a slow one little memory.
 */
import { concat, expand, ignoreElements, Observable, ReplaySubject, tap } from 'rxjs';
import type { HistoryPage, HistoryPageMax } from '../history/history.ts';
import type { Place } from '../history/position.ts';

export interface ReadAheadParts {
  /** Emits the page behind a place, the first one for null, and completes. */
  readonly read: (behind: Place | null, max: HistoryPageMax) => Observable<HistoryPage>;
  /** Completes when the socket has taken it. */
  readonly write: (page: HistoryPage) => Observable<never>;
  readonly elapsedMs: () => number;
  /** What one page may take of the budget that all share; it asks for twice its size. */
  readonly shareBytesMax: number;
}

const firstRows = 256;
const rowsMin = 16;
const rowsMax = 16_384;
const bytesMin = 512 * 1024;
const bytesMax = 6 * 1024 * 1024;
const aimMs = 500;
/** Nobody knows yet how fast a reader is that was fast once. */
const growth = 4;
/** So many times the span in which a page's rows would lie if they came as those of the last page. */
const slack = 4;

/** At most two pages are held: the one that is written, and the next. Emits nothing. */
export function readAhead(parts: ReadAheadParts, from: Place | null): Observable<never> {
  const { read, write, elapsedMs, shareBytesMax } = parts;
  let max: HistoryPageMax = { rows: firstRows, bytes: 2 * bytesMin };
  let bytesPerMs = Number.POSITIVE_INFINITY;

  /** What comes behind a page, and how much of it. */
  function following({ rows, bytes, spanMicros }: HistoryPage): HistoryPageMax {
    const aim = Math.min(bytesMax, shareBytesMax / 2, growth * bytes, bytesPerMs * aimMs);
    const wanted = Math.max(bytesMin, aim) / Math.max(1, bytes / rows);
    const nextRows = Math.round(Math.min(rowsMax, Math.max(rowsMin, wanted)));
    return {
      rows: nextRows,
      // A page ends behind its rows, as a rule: to be broken off by its bytes costs ClickHouse more.
      bytes: 2 * Math.max(bytesMin, aim),
      ...(spanMicros !== null && { withinMicros: (spanMicros * BigInt(nextRows * slack)) / BigInt(rows) }),
    };
  }

  function timed(page: HistoryPage): Observable<never> {
    let startMs = 0;
    return write(page).pipe(
      tap({
        subscribe: () => {
          startMs = elapsedMs();
        },
        complete: () => {
          bytesPerMs = page.bytes / Math.max(1, elapsedMs() - startMs);
        },
      }),
    );
  }

  return read(from, max).pipe(
    expand(
      (page) =>
        new Observable<HistoryPage>((subscriber) => {
          const next = new ReplaySubject<HistoryPage>(1);
          if (page.next === null) next.complete();
          else {
            max = following(page);
            subscriber.add(read(page.next, max).subscribe(next));
          }
          subscriber.add(concat(timed(page), next).subscribe(subscriber));
        }),
    ),
    ignoreElements(),
  );
}
