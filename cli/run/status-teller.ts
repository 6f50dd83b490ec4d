/** Says on stderr that a connection broke, why, and that it is there again. */
import type { SubscriptionStatus } from '../../client/src/subscription.ts';
import type { Terminal } from '../terminal.ts';

export class StatusTeller {
  readonly #terminal: Terminal;
  #isAway = false;
  #hasBeenLive = false;
  #isPlainTold = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  tell({ phase, promise, error }: SubscriptionStatus): void {
    if (phase === 'waiting' && !this.#isAway) {
      this.#isAway = true;
      const why = error === null ? '' : ` (${error.message.replace(/\.$/, '')})`;
      this.#terminal.warn(`the connection is gone${why}; trying again`);
    }
    if (phase === 'live' || phase === 'catchingUp') {
      if (this.#isAway) this.#terminal.warn('connected again; it goes on behind the last event');
      else if (phase === 'live' && !this.#hasBeenLive)
        this.#terminal.notice('live: what comes now is shown as it comes');
      this.#isAway = false;
      this.#hasBeenLive ||= phase === 'live';
    }
    if (promise === 'plain' && !this.#isPlainTold) {
      this.#isPlainTold = true;
      this.#terminal.warn('this server has no positions: after a break events may be missing, and each break is told');
    }
  }
}
