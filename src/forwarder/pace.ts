/**
 * So many events a second at most: each batch takes its time before the next one goes. Behind a batch that was not full
 * there is a gap, in which others come together: a request costs far more than an event in it. A lone event goes at
 * once.
 */
export interface Clock {
  /** A clock that never steps back, in ms. */
  readonly elapsedMs: () => number;
  /** Resolves after so long, or at once when the signal aborts. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

export class Pace {
  readonly #eventsPerS: number;
  readonly #gapMs: number;
  readonly #clock: Clock;
  #freeAtMs = 0;

  constructor(eventsPerS: number, gapMs: number, clock: Clock) {
    this.#eventsPerS = eventsPerS;
    this.#gapMs = gapMs;
    this.#clock = clock;
  }

  /** Resolves when the next batch may go. */
  async wait(signal: AbortSignal): Promise<void> {
    const waitMs = this.#freeAtMs - this.#clock.elapsedMs();
    if (waitMs > 0) await this.#clock.pause(waitMs, signal);
  }

  took(events: number, isFull: boolean): void {
    const takesMs = (events * 1000) / this.#eventsPerS;
    this.#freeAtMs = Math.max(this.#freeAtMs, this.#clock.elapsedMs()) + Math.max(takesMs, isFull ? 0 : this.#gapMs);
  }
}
