/**
 * Hands live events to the topics of the filters that they fit: one for each distinct filter, windows apart. An event
 * is matched once for a topic, and looked at once for all of them.
 */
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { FilterIndex } from '../filter/filter-index.ts';
import { CountTopic } from './count-topic.ts';
import { CountedEvent } from './counted-event.ts';
import type { Counter } from './counter.ts';
import { SharedTexts } from './heard-event.ts';

interface Place {
  readonly topic: CountTopic;
  readonly remove: () => void;
}

export class CountTopics {
  readonly #index = new FilterIndex<CountTopic>();
  readonly #places = new Map<string, Place>();
  readonly #counted = new CountedEvent();
  readonly #texts = new SharedTexts();
  #nowMs = 0;
  /** One for all events: no event makes a function. */
  readonly #visit = (topic: CountTopic): void => {
    this.#counted.read();
    topic.hear(this.#counted, this.#texts, this.#nowMs);
  };

  get size(): number {
    return this.#places.size;
  }

  /** Time is in milliseconds since 1970. */
  join(counter: Counter, nowMs: number): void {
    const { key, filters, fits } = counter.held;
    let place = this.#places.get(key);
    if (place === undefined) {
      const topic = new CountTopic();
      place = { topic, remove: this.#index.add(filters, topic, fits) };
      this.#places.set(key, place);
    }
    place.topic.join(counter, nowMs);
  }

  leave(counter: Counter): void {
    const place = this.#places.get(counter.held.key);
    if (place === undefined) return;
    place.topic.leave(counter);
    if (!place.topic.isEmpty) return;
    place.remove();
    this.#places.delete(counter.held.key);
  }

  /** In the order of seq; the events are not looked at afterwards. Time is in milliseconds since 1970. */
  flush(batch: readonly StoredEvent[], now: () => number): void {
    if (this.#places.size === 0) return;
    this.#nowMs = now();
    for (const event of batch) {
      this.#counted.become(event);
      this.#index.forEachMatch(event, this.#visit);
    }
  }
}
