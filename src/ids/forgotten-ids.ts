/**
 * What is still known of ids that have left the window (I11), in bounded memory: the time up to which they were
 * received, and the minutes of those that occurred later than that. An event outside of both was never forgotten, so it
 * is new.
 */

/** Minutes since 1970, both included. */
export type MinuteRange = readonly [first: number, last: number];

/** As it is kept on disk. */
export interface ForgottenState {
  /** Seconds since 1970; null if nothing was ever forgotten. */
  readonly upTo: number | null;
  readonly ranges: readonly MinuteRange[];
}

const rangesMaxDefault = 256;

export class ForgottenIds {
  /** While nothing is known of what was forgotten, it may be anything. */
  isUnknown = false;
  readonly #rangesMax: number;
  #upTo = Number.NEGATIVE_INFINITY;
  /** In order, none touching the next. */
  #ranges: MinuteRange[] = [];
  #lastMinute = 0;

  constructor(rangesMax = rangesMaxDefault) {
    this.#rangesMax = rangesMax;
  }

  /** Seconds since 1970: of what occurred later, and in none of the minutes, every id is in the window. */
  get upTo(): number {
    return this.#upTo;
  }

  /** `received` in whole seconds; `aheadMinute` of an event that occurred in a later second, else 0. */
  forget(received: number, aheadMinute: number): void {
    if (received > this.#upTo) this.#upTo = received;
    if (aheadMinute === 0 || aheadMinute === this.#lastMinute) return;
    this.#lastMinute = aheadMinute;
    this.#insert([aheadMinute, aheadMinute]);
  }

  /** Whether an event that occurred in this second may be among the forgotten. */
  mayHold(occurred: number): boolean {
    if (this.isUnknown || occurred <= this.#upTo) return true;
    if (this.#ranges.length === 0) return false;
    const minute = Math.floor(occurred / 60);
    const range = this.#ranges[this.#firstEndingAtOrAfter(minute)];
    return range !== undefined && range[0] <= minute;
  }

  /** Forgets all that is forgotten there, too. */
  merge({ upTo, ranges }: ForgottenState): void {
    if (upTo !== null) this.forget(upTo, 0);
    for (const range of ranges) this.#insert(range);
  }

  state(): ForgottenState {
    return { upTo: this.#upTo === Number.NEGATIVE_INFINITY ? null : this.#upTo, ranges: [...this.#ranges] };
  }

  #insert([first, last]: MinuteRange): void {
    const from = this.#firstEndingAtOrAfter(first - 1);
    let to = from;
    while (to < this.#ranges.length && this.#ranges[to]![0] <= last + 1) to += 1;
    const touched = this.#ranges.slice(from, to);
    const joined: MinuteRange = [
      Math.min(first, touched[0]?.[0] ?? first),
      Math.max(last, touched.at(-1)?.[1] ?? last),
    ];
    this.#ranges.splice(from, to - from, joined);
    this.#dropPassed();
    if (this.#ranges.length > this.#rangesMax) this.#joinNearest();
  }

  /** Minutes that `upTo` has passed say nothing of their own. */
  #dropPassed(): void {
    const passed = this.#ranges.findIndex(([, last]) => (last + 1) * 60 - 1 > this.#upTo);
    this.#ranges.splice(0, passed < 0 ? this.#ranges.length : passed);
  }

  #joinNearest(): void {
    let at = 1;
    const gap = (place: number) => this.#ranges[place]![0] - this.#ranges[place - 1]![1];
    for (let place = 2; place < this.#ranges.length; place += 1) if (gap(place) < gap(at)) at = place;
    this.#ranges.splice(at - 1, 2, [this.#ranges[at - 1]![0], this.#ranges[at]![1]]);
  }

  #firstEndingAtOrAfter(minute: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ranges[middle]![1] < minute) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * The minute by which an event is remembered that occurred in a later second than it was received in; 0 for all others.
 */
export function aheadMinuteOf(occurred: number, received: number): number {
  return occurred > received ? Math.floor(occurred / 60) : 0;
}
