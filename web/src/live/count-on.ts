/** Counts what comes while nothing more is read, so that a person knows how far behind the pause is. */
import type { EventFilter } from '../../../client/src/event-filter.ts';
import type { Sluice } from '../../../client/src/sluice.ts';

export class CountOn {
  readonly #sluice: Sluice;
  readonly #filter: EventFilter;
  readonly #tell: (more: number) => void;
  #ending = new AbortController();

  constructor(sluice: Sluice, filter: EventFilter, tell: (more: number) => void) {
    this.#sluice = sluice;
    this.#filter = filter;
    this.#tell = tell;
  }

  /** From `occurred` on, which `known` events that came already have. */
  start(occurred: string, known: number): void {
    this.stop();
    this.#ending = new AbortController();
    // What it fails with is told by the feed, when it goes on.
    this.#watch(occurred, known, this.#ending.signal).catch(() => undefined);
  }

  stop(): void {
    this.#ending.abort();
  }

  /** By the day, for that is the shortest list. */
  async #watch(since: string, known: number, signal: AbortSignal): Promise<void> {
    const filter = { ...this.#filter, occurred: { since } };
    for await (const { counts } of this.#sluice.watchCount('day', filter, { signal })) {
      if (signal.aborted) return;
      this.#tell(Math.max(0, counts.reduce((sum, { count }) => sum + count, 0) - known));
    }
  }
}
