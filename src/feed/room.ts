/**
 * Backpressure of one subscriber: a pipe waits for room in its socket before it writes on (I5).
 */
import { defer, filter, map, type Observable, of, race, Subject, take, timer } from 'rxjs';
import type { SubscriberSocket } from './ports.ts';

export interface Room {
  /** Emits once, at once or when half of the bound is free, and completes. */
  readonly wait$: Observable<void>;
  /** Emits once whether there is room, within so many ms at most. */
  within(ms: number): Observable<boolean>;
  /** The socket says that it has drained. */
  drained(): void;
}

export function createRoom(socket: SubscriberSocket, bytesMax: number): Room {
  const drained$ = new Subject<void>();
  const hasRoom = (): boolean => socket.bufferedBytes() <= bytesMax / 2;
  const wait$ = defer(() => (hasRoom() ? of(undefined) : drained$.pipe(filter(hasRoom), take(1))));
  return {
    wait$,
    within: (ms) => race(wait$.pipe(map(() => true)), timer(ms).pipe(map(() => false))),
    drained: () => drained$.next(),
  };
}
