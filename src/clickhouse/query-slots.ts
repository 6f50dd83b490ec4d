/**
 * How many queries run at once: more of them wait shortly for a slot, then are refused by name (I4: tooManyQueries).
 */
import { Failure } from '../base/errors.ts';

export class QuerySlots {
  readonly #max: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Resolves with the function that gives the slot back. Rejects with tooManyQueries, or the signal's reason. */
  async take(waitMs: number, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#taken < this.#max) this.#taken += 1;
    else await this.#wait(waitMs, signal);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#giveBack();
    };
  }

  #wait(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
        this.#waiting.delete(taken);
      };
      const taken = () => {
        leave();
        resolve();
      };
      const aborted = () => {
        leave();
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        leave();
        reject(new Failure('tooManyQueries', `All ${this.#max} queries that may run at once are busy.`));
      }, waitMs);
      signal?.addEventListener('abort', aborted, { once: true });
      this.#waiting.add(taken);
    });
  }

  #giveBack(): void {
    const [next] = this.#waiting;
    // The slot passes from hand to hand: the count stays.
    if (next !== undefined) next();
    else this.#taken -= 1;
  }
}
