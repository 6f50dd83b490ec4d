/**
 * Gives the event loop a turn between two chunks of a long read, so that intake and live delivery are never kept
 * waiting.
 */
import { Observable } from 'rxjs';

/** Completes in the next turn of the event loop, without a value. */
export function nextTurn(): Observable<never> {
  return new Observable((subscriber) => {
    const immediate = setImmediate(() => subscriber.complete());
    return () => clearImmediate(immediate);
  });
}
