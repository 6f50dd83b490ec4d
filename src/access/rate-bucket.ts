/**
 * A bound on a rate: a bucket that holds two seconds of it. What is larger than the bucket is taken when the bucket is
 * full, and leaves a debt that time pays; so nothing is refused for ever, and the rate holds in the long run.
 */
const heldSeconds = 2;
/** Of what is held: the rounding of many small additions. */
const rounding = 1e-9;

export class RateBucket {
  readonly #perSecond: number;
  readonly #max: number;
  /** Below 0 it is a debt. */
  #level: number;
  #filledMs: number;

  /** `perSecond` is above 0. Times are of a clock in ms that never steps back. */
  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#max = heldSeconds * perSecond;
    this.#level = this.#max;
    this.#filledMs = nowMs;
  }

  /** In how many ms so much may be taken; 0 for at once. */
  waitMs(amount: number, nowMs: number): number {
    this.#fill(nowMs);
    const missing = Math.min(amount, this.#max) - this.#level;
    return missing <= this.#max * rounding ? 0 : Math.ceil((missing / this.#perSecond) * 1000);
  }

  /** Takes it, whatever is there. */
  take(amount: number, nowMs: number): void {
    this.#fill(nowMs);
    this.#level -= amount;
  }

  /** What is owed; 0 for nothing. */
  debt(nowMs: number): number {
    this.#fill(nowMs);
    return Math.max(0, -this.#level);
  }

  /** It is as a new one: who lets it go forgets nothing. */
  isFull(nowMs: number): boolean {
    this.#fill(nowMs);
    return this.#level === this.#max;
  }

  #fill(nowMs: number): void {
    const filled = this.#level + ((nowMs - this.#filledMs) / 1000) * this.#perSecond;
    this.#level = Math.min(this.#max, filled);
    this.#filledMs = nowMs;
  }
}
