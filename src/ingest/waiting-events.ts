/**
 * Events that were appended and are not yet handed to live delivery, in seq order, and how much text they hold (I4).
 */
import type { AppendedEvent } from './audience.ts';

export class WaitingEvents {
  #events: AppendedEvent[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#events.length === 0;
  }
  /** Of their texts, at most. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Gives their bytes. */
  add(events: readonly AppendedEvent[]): number {
    for (const event of events) this.#events.push(event);
    const bytes = bytesOf(events);
    this.#bytes += bytes;
    return bytes;
  }

  /** Those up to a seq, which wait no more. */
  takeUpTo(seq: number): readonly AppendedEvent[] {
    const later = this.#events.findIndex((event) => event.seq > seq);
    const taken = later < 0 ? this.#events : this.#events.slice(0, later);
    this.#events = later < 0 ? [] : this.#events.slice(later);
    this.#bytes -= bytesOf(taken);
    return taken;
  }

  /** How many above a seq came just now: parked ones were counted when they came. */
  countAbove(seq: number): number {
    return this.#events.filter((event) => event.seq > seq && !event.wasParked).length;
  }

  dropAbove(seq: number): void {
    this.#events = this.#events.filter((event) => event.seq <= seq);
    this.#bytes = bytesOf(this.#events);
  }
}

function bytesOf(events: readonly AppendedEvent[]): number {
  let sum = 0;
  for (const { bytes } of events) sum += bytes;
  return sum;
}
