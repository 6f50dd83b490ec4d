/**
 * What all feeds together may hold of pages of history (I5): a feed takes a page's share before it asks the store,
 * gives back what the page does not need, and the rest when the page is written or let go. Who comes first is served
 * first.
 */
import { Observable } from 'rxjs';

/** A share of the budget. */
export interface PageShare {
  /** So much of it is needed from now on. */
  shrinkTo(bytes: number): void;
  /** Idempotent. */
  release(): void;
}

export interface PageBudget {
  /** Taken by all feeds. */
  readonly heldBytes: number;
  /** What one should ask for at the most: a page as large as the budget waits until all others are read. */
  readonly shareBytesMax: number;
  /** Emits a share of so many bytes, rounded up, once it is free, and completes. Whoever gets it must release it. */
  take(bytes: number): Observable<PageShare>;
}

const sharesMin = 8;

/** One page at a time is always let through, however large. */
export function createPageBudget(bytesMax: number): PageBudget {
  let held = 0;
  const waiting = new Map<() => void, number>();

  function hasRoom(bytes: number): boolean {
    return held === 0 || held + bytes <= bytesMax;
  }

  function giveBack(bytes: number): void {
    held -= bytes;
    for (const [begin, wanted] of waiting) {
      if (!hasRoom(wanted)) return;
      begin();
    }
  }

  function grant(bytes: number): PageShare {
    let share = bytes;
    held += share;
    const shrinkTo = (wanted: number): void => {
      const spare = Math.max(0, share - Math.ceil(wanted));
      share -= spare;
      if (spare > 0) giveBack(spare);
    };
    return { shrinkTo, release: () => shrinkTo(0) };
  }

  return {
    get heldBytes() {
      return held;
    },
    shareBytesMax: bytesMax / sharesMin,
    take: (wanted) =>
      new Observable((subscriber) => {
        // Whole, for fractions do not add up to 0 again, and then a page as large as the budget waits for ever.
        const bytes = Math.ceil(wanted);
        const begin = (): void => {
          waiting.delete(begin);
          subscriber.next(grant(bytes));
          subscriber.complete();
        };
        if (waiting.size === 0 && hasRoom(bytes)) begin();
        else waiting.set(begin, bytes);
        return () => waiting.delete(begin);
      }),
  };
}
