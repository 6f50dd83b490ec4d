/**
 * How many events, the first and the last of them, and what the last one called its resource.
 */
import type { ExactTime } from './exact-time.ts';

export class Tally {
  count: number;
  firstSeconds: number;
  firstMicros: number;
  lastSeconds: number;
  lastMicros: number;
  name: string | null;
  /** What is taken of the budget for it. */
  heldBytes = 0;

  constructor(count: number, first: ExactTime, last: ExactTime, name: string | null) {
    this.count = count;
    this.firstSeconds = first.seconds;
    this.firstMicros = first.micros;
    this.lastSeconds = last.seconds;
    this.lastMicros = last.micros;
    this.name = name;
  }

  /** One more event; it came after all that are in. True if that changed the name. */
  addOne(seconds: number, micros: number, name: string | null): boolean {
    this.count += 1;
    if (seconds < this.firstSeconds || (seconds === this.firstSeconds && micros < this.firstMicros)) {
      this.firstSeconds = seconds;
      this.firstMicros = micros;
    }
    return this.#end(seconds, micros, name);
  }

  /** Several more, which came after all that are in. True if that changed the name. */
  add(more: Tally): boolean {
    this.count += more.count;
    this.beginAt(more);
    return this.#end(more.lastSeconds, more.lastMicros, more.name);
  }

  /** The first event is that of another tally. */
  beginAgainAt({ firstSeconds, firstMicros }: Tally): void {
    this.firstSeconds = firstSeconds;
    this.firstMicros = firstMicros;
  }

  /** The first event is that of another tally, if that one is earlier. */
  beginAt({ firstSeconds, firstMicros }: Tally): void {
    if (firstSeconds > this.firstSeconds) return;
    if (firstSeconds === this.firstSeconds && firstMicros >= this.firstMicros) return;
    this.firstSeconds = firstSeconds;
    this.firstMicros = firstMicros;
  }

  /** Of several at one time the one that came last gives the name. */
  #end(seconds: number, micros: number, name: string | null): boolean {
    if (seconds < this.lastSeconds || (seconds === this.lastSeconds && micros < this.lastMicros)) return false;
    this.lastSeconds = seconds;
    this.lastMicros = micros;
    if (name === this.name) return false;
    this.name = name;
    return true;
  }
}

/** What a group is told apart by: a value, or of buckets the number of one. */
export type Key = string | number;

export class CountGroup extends Tally {
  readonly key: Key;
  /** It is among the changed ones. */
  isChanged = false;
  /** All of its events have left the window. */
  isGone = false;

  constructor(key: Key, { count, firstSeconds, firstMicros, lastSeconds, lastMicros, name }: Tally) {
    const first = { seconds: firstSeconds, micros: firstMicros };
    super(count, first, { seconds: lastSeconds, micros: lastMicros }, name);
    this.key = key;
  }
}

/** Where nothing names it, a group is called by its value. */
export function labelOf({ name, key }: CountGroup): string {
  return name ?? String(key);
}
