/**
 * Hands live events to the counters of the filters that they fit: one topic for each distinct filter, windows apart. An
 * event is matched once for a topic, and looked at once for all counters.
 */
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { FilterIndex } from '../filter/filter-index.ts';
import { CountedEvent } from './counted-event.ts';
import type { Counter } from './counter.ts';

interface CountTopic {
  readonly counters: Set<Counter>;
  readonly remove: () => void;
}

export class CountTopics {
  readonly #index = new FilterIndex<CountTopic>();
  readonly #topics = new Map<string, CountTopic>();
  readonly #counted = new CountedEvent();
  /** One for all events: no event makes a function. */
  readonly #visit = ({ counters }: CountTopic): void => {
    this.#counted.read();
    for (const counter of counters) counter.count(this.#counted);
  };

  get size(): number {
    return this.#topics.size;
  }

  join(counter: Counter): void {
    const { key, filters, fits } = counter.held;
    let topic = this.#topics.get(key);
    if (topic === undefined) {
      const counters = new Set<Counter>();
      const made: CountTopic = { counters, remove: () => remove() };
      const remove = this.#index.add(filters, made, fits);
      this.#topics.set(key, made);
      topic = made;
    }
    topic.counters.add(counter);
  }

  leave(counter: Counter): void {
    const topic = this.#topics.get(counter.held.key);
    if (topic === undefined) return;
    topic.counters.delete(counter);
    if (topic.counters.size > 0) return;
    topic.remove();
    this.#topics.delete(counter.held.key);
  }

  /** In the order of seq; the events are not looked at afterwards. */
  flush(batch: readonly StoredEvent[]): void {
    if (this.#topics.size === 0) return;
    for (const event of batch) {
      this.#counted.become(event);
      this.#index.forEachMatch(event, this.#visit);
    }
  }
}
