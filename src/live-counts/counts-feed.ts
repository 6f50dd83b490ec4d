/**
 * One reader of a live count: it gets the whole list, and then what is different. While something waits for it, it gets
 * nothing; then the whole list as it is by then (I5).
 */
import type { Subscription } from 'rxjs';
import { heartbeatFrame, streamMessage } from '../../schemas/wire.ts';
import { Failure } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Feed, FeedListener } from '../feed/ports.ts';
import type { Asked, Update } from './count-update.ts';
import type { CountsSocket, WatchRequest } from './ports.ts';

export interface CountsFeedParts {
  readonly asked: Asked;
  readonly form: WatchRequest['form'];
  readonly socket: CountsSocket;
  readonly listener: FeedListener;
  readonly live: { readonly mark: number };
  readonly counters: { countFrames: number };
  readonly log: Log;
}

export class CountsFeed implements Feed {
  readonly #parts: CountsFeedParts;
  readonly #running: Subscription;
  #phase: 'waiting' | 'inStep' | 'lagging' = 'waiting';
  /** Of what was sent last. */
  #position: number | null = null;
  #isOver = false;

  constructor(parts: CountsFeedParts) {
    this.#parts = parts;
    parts.asked.ask();
    this.#running = parts.asked.updates$.subscribe({
      next: (update) => this.#take(update),
      error: (error: unknown) => this.#fail(error),
    });
  }

  /** Who is in step hears of all that changes its list. */
  get position(): number | null {
    const { asked, live } = this.#parts;
    return this.#phase === 'inStep' ? asked.countedUpTo(live.mark) : this.#position;
  }

  drained(): void {
    if (this.#phase !== 'inStep' && this.#parts.socket.bufferedBytes() === 0) this.#parts.asked.ask();
  }

  heartbeat(): void {
    if (this.#parts.form === 'socket') this.#parts.socket.send(heartbeatFrame(null));
  }

  stop(): void {
    this.#isOver = true;
    this.#running.unsubscribe();
  }

  #take(update: Update): void {
    const { socket, listener } = this.#parts;
    const isInStep = this.#phase === 'inStep';
    if (isInStep && update.changes === null) return;
    if (socket.bufferedBytes() > 0) {
      if (isInStep) listener.lagging();
      if (isInStep) this.#phase = 'lagging';
      return;
    }
    this.#send(isInStep ? (update.changes ?? '') : update.whole(), update.position);
    if (isInStep) return;
    this.#phase = 'inStep';
    listener.caughtUp();
  }

  #send(frame: string, position: number): void {
    const { form, socket, counters } = this.#parts;
    counters.countFrames += 1;
    this.#position = position;
    socket.send(form === 'socket' ? frame : streamMessage({ event: 'counts', id: String(position), data: frame }));
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    const { listener, log } = this.#parts;
    if (!(error instanceof Failure)) log.error({ err: error }, 'a live count failed');
    listener.failed(
      error instanceof Failure ? error : new Failure('internal', 'The live count failed.', { cause: error }),
    );
  }
}
