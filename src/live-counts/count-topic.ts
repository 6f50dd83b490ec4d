/**
 * The events that fit one filter, kept for its counters until each of them looks: then it counts many at once, and no
 * event waits for a thousand counters. Windows are the counters' own.
 */
import type { CountedEvent } from './counted-event.ts';
import type { Counter } from './counter.ts';
import { AskedOfEvents, HeardEvent, type KeptEvents, type SharedTexts } from './heard-event.ts';

/** So many are kept at most; of a filter with many counters fewer, or all of them would count for long at once. */
const keptMax = 128;
const keptMin = 16;
const countedAtOnce = 16_000;
/** Of texts that are not shared, in characters. */
const longTextsMax = 32_768;

export class CountTopic implements KeptEvents {
  readonly #counters = new Set<Counter>();
  #asked = new AskedOfEvents();
  /** What it asked may be asked no more. */
  #hasLeft = false;
  readonly #kept: HeardEvent[] = [];
  #count = 0;
  #longTexts = 0;

  get isEmpty(): boolean {
    return this.#counters.size === 0;
  }

  get count(): number {
    return this.#count;
  }

  at(index: number): HeardEvent {
    return this.#kept[index]!;
  }

  /** It has counted all that came before. Time is in milliseconds since 1970. */
  join(counter: Counter, nowMs: number): void {
    if (this.#hasLeft) this.#countAll(nowMs);
    this.#asked.add(counter.question);
    this.#counters.add(counter);
    counter.follow(this);
  }

  leave(counter: Counter): void {
    this.#counters.delete(counter);
    this.#hasLeft = true;
  }

  /** In the order of seq. */
  hear(event: CountedEvent, texts: SharedTexts, nowMs: number): void {
    let heard = this.#kept[this.#count];
    if (heard === undefined) {
      heard = new HeardEvent(this.#asked);
      this.#kept.push(heard);
    }
    this.#longTexts += heard.become(event, texts);
    this.#count += 1;
    const countMax = Math.max(keptMin, Math.min(keptMax, countedAtOnce / this.#counters.size));
    if (this.#count >= countMax || this.#longTexts > longTextsMax) this.#countAll(nowMs);
  }

  #countAll(nowMs: number): void {
    for (const counter of this.#counters) counter.countAll(nowMs);
    this.#count = 0;
    // Else long texts would stay until others take their places.
    if (this.#longTexts > 0 || this.#hasLeft) this.#kept.length = 0;
    this.#longTexts = 0;
    if (!this.#hasLeft) return;
    this.#hasLeft = false;
    this.#asked = new AskedOfEvents();
    for (const { question } of this.#counters) this.#asked.add(question);
  }
}
