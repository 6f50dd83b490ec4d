/** Counts what comes while nothing more is read, so that a person knows how far behind the pause is. */
import type { EventFilter } from '../../../client/src/event-filter.ts';
import type { Sluice } from '../../../client/src/sluice.ts';
import type { AnsweredEvent } from '../../../schemas/wire.ts';

const everyMs = 2_000;

export class CountOn {
  readonly #sluice: Sluice;
  readonly #filter: EventFilter;
  readonly #tell: (more: number) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(sluice: Sluice, filter: EventFilter, tell: (more: number) => void) {
    this.#sluice = sluice;
    this.#filter = filter;
    this.#tell = tell;
  }

  /** `text`: the last event that came. */
  start(text: string | null): void {
    if (text === null) return;
    const event: AnsweredEvent = JSON.parse(text);
    const look = async (): Promise<void> => {
      const total = await this.#sluice.query({ ...this.#filter, occurred: { since: event.occurred } }).total();
      if (this.#timer === undefined) return;
      this.#tell(Math.max(0, total - 1));
      this.#timer = setTimeout(again, everyMs);
    };
    const again = (): void => {
      look().catch(() => {
        // What it fails with is told by the feed, when it goes on.
        if (this.#timer !== undefined) this.#timer = setTimeout(again, everyMs);
      });
    };
    this.#timer = setTimeout(again, 0);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
