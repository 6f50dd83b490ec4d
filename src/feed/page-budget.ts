/**
 * What all feeds together may hold of pages of history (I5): a feed takes a page's share before it asks the store, gives back
 * what the page does not need, and the rest when the page is written or let go. Who comes first is served first.
 */
import { Observable } from 'rxjs';

/** A share of the budget. */
export interface PageShare {
  /** So much of it is needed from now on. */
  shrinkTo(bytes: number): void;
}

export interface PageBudget {
  /** Taken by all feeds. */
  readonly heldBytes: number;
  /** Does its work with a page's share, as soon as one is free and for as long as it is subscribed to. */
  hold<Value>(work: (share: PageShare) => Observable<Value>): Observable<Value>;
}

/** `pageBytes` is the most that one page holds; one page at a time is always let through. */
export function createPageBudget(bytesMax: number, pageBytes: number): PageBudget {
  let held = 0;
  const waiting = new Set<() => void>();

  function hasRoom(): boolean {
    return held === 0 || held + pageBytes <= bytesMax;
  }

  function giveBack(bytes: number): void {
    held -= bytes;
    for (const begin of waiting) {
      if (!hasRoom()) return;
      begin();
    }
  }

  return {
    get heldBytes() {
      return held;
    },
    hold(work) {
      return new Observable((subscriber) => {
        let bytes = 0;
        const shrinkTo = (wanted: number): void => {
          const spare = Math.max(0, bytes - wanted);
          bytes -= spare;
          giveBack(spare);
        };
        const begin = (): void => {
          waiting.delete(begin);
          bytes = pageBytes;
          held += bytes;
          subscriber.add(work({ shrinkTo }).subscribe(subscriber));
        };
        subscriber.add(() => {
          waiting.delete(begin);
          shrinkTo(0);
        });
        if (waiting.size === 0 && hasRoom()) begin();
        else waiting.add(begin);
      });
    },
  };
}
