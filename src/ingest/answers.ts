/**
 * Answers that wait for the log's horizon: each is given once all that it relies on is kept, or fails with what was
 * lost (I1).
 */
import type { Failure } from '../base/errors.ts';
import type { Horizon } from '../event-log/log-writer.ts';
import { isLost, type Loss } from './losses.ts';

interface Answer {
  readonly ticket: number;
  readonly parked: number;
  readonly resolve: () => void;
  readonly reject: (failure: Failure) => void;
}

export class Answers {
  #waiting: Answer[] = [];

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  wait(ticket: number, parked: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ticket, parked, resolve, reject });
    });
  }

  give(horizon: Horizon): void {
    if (this.isEmpty) return;
    const due = this.#take(({ ticket, parked }) => isBelow(horizon, ticket, parked));
    for (const { resolve } of due) resolve();
  }

  fail(loss: Loss): void {
    const failed = this.#take(({ ticket, parked }) => isLost(loss, ticket, parked));
    for (const { reject } of failed) reject(loss.failure);
  }

  #take(fits: (answer: Answer) => boolean): Answer[] {
    const taken = this.#waiting.filter(fits);
    this.#waiting = this.#waiting.filter((answer) => !fits(answer));
    return taken;
  }
}

/** Whether the horizon has passed both tickets. */
export function isBelow(horizon: Horizon, ticket: number, parked: number): boolean {
  return ticket <= horizon.ticket && parked <= horizon.parked;
}
