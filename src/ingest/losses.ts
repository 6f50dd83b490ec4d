/**
 * What a group that could not be written takes from those who rely on it (I1): told once a turn, or before tickets are
 * given again, for a lost ticket will stand for another event then.
 */
import { type Observable, Subject } from 'rxjs';
import type { Failure } from '../base/errors.ts';

/** Events with a ticket above `above`, and parked ones above `parkedAbove`, are gone. */
export interface Loss {
  readonly above: number;
  readonly parkedAbove: number;
  readonly failure: Failure;
}

/** Whether what relies on these tickets is among what was lost. */
export function isLost(loss: Loss, ticket: number, parked: number): boolean {
  return ticket > loss.above || parked > loss.parkedAbove;
}

export class Losses {
  readonly #lost = new Subject<Loss>();
  /** Happened within a producer's own call; told to the others outside of it. */
  #untold: Loss | null = null;

  get lost$(): Observable<Loss> {
    return this.#lost;
  }

  note(loss: Loss): void {
    const before = this.#untold;
    this.#untold = before === null ? loss : bothOf(before, loss);
  }

  /** The failure that has taken what relies on these, if nobody was told of it yet. */
  untoldOf(ticket: number, parked: number): Failure | null {
    const loss = this.#untold;
    return loss !== null && isLost(loss, ticket, parked) ? loss.failure : null;
  }

  announce(): void {
    const loss = this.#untold;
    if (loss === null) return;
    this.#untold = null;
    this.#lost.next(loss);
  }
}

function bothOf(one: Loss, other: Loss): Loss {
  const above = Math.min(one.above, other.above);
  return { above, parkedAbove: Math.min(one.parkedAbove, other.parkedAbove), failure: one.failure };
}
