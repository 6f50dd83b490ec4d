/**
 * Runs pieces of work one after the other, in the order in which they came.
 */
export class OneAtATime {
  #last: Promise<unknown> = Promise.resolve();

  /** Rejects as the work does; with the signal's reason, and without it, if that aborts before its turn has come. */
  run<Answer>(work: () => Promise<Answer>, signal?: AbortSignal): Promise<Answer> {
    let hasBegun = false;
    const turn = this.#last.then(() => {
      signal?.throwIfAborted();
      hasBegun = true;
      return work();
    });
    this.#last = turn.catch(() => undefined);
    if (signal === undefined) return turn;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        if (!hasBegun) reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      void turn.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
    });
  }
}
