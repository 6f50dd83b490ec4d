/**
 * Backpressure of one subscriber: a pipe waits for room in its socket before it writes on (I5).
 */
import { defer, filter, map, type Observable, of, race, Subject, take, timer } from 'rxjs';
import type { SubscriberSocket } from './ports.ts';

export interface SocketRoom {
  /** Emits once, at once or when nothing waits any more, and completes. */
  readonly wait$: Observable<void>;
  /** Emits once whether there is room, within so many ms at most. */
  within(ms: number): Observable<boolean>;
  /** The socket says that it has drained. */
  drained(): void;
}

export function createSocketRoom(socket: SubscriberSocket): SocketRoom {
  const drained$ = new Subject<void>();
  // What waits is not added to: uWebSockets.js tries a write for each frame then (2.7 µs instead of 0.6).
  const hasRoom = (): boolean => socket.bufferedBytes() === 0;
  const wait$ = defer(() => (hasRoom() ? of(undefined) : drained$.pipe(filter(hasRoom), take(1))));
  return {
    wait$,
    within: (ms) => race(wait$.pipe(map(() => true)), timer(ms).pipe(map(() => false))),
    drained: () => drained$.next(),
  };
}
