/**
 * How far forwarding has come, written down before the log lets anything go.
 */
import type { Log } from '../base/log.ts';
import type { OwnEvents } from '../event-log/own-events.ts';
import type { KeptPlace, PlaceStore } from './place-file.ts';

/** So far ahead it is written down what may have been sent: a file for each batch would hold up the loop. */
const announcedAhead = 1_000;

export class ForwarderPlace {
  readonly #store: PlaceStore;
  readonly #events: OwnEvents;
  #kept: KeptPlace;
  #maybeSentUpTo: number;

  /**
   * Goes on where the last run stood; without one, with the events that come from now on. What the log no longer has,
   * since it was not held for a while, is noted as skipped.
   */
  constructor(store: PlaceStore, events: OwnEvents, now: () => number, log: Log) {
    this.#store = store;
    this.#events = events;
    const found = store.load();
    const kept = found ?? { confirmed: events.head, maybeSentUpTo: events.head, skipped: [] };
    const first = kept.confirmed + 1;
    const last = events.oldest - 1;
    const isGone = first <= last;
    if (isGone) log.warn({ first, last }, 'events that were not forwarded are no longer in the journal: skipped');
    this.#kept = isGone
      ? {
          confirmed: last,
          maybeSentUpTo: Math.max(kept.maybeSentUpTo, last),
          skipped: [...kept.skipped, { first, last, at: new Date(now()).toISOString() }],
        }
      : kept;
    if (isGone || found === null) this.#save();
    if (found === null) log.info({ after: events.head }, 'forwarding to Prefect begins');
    this.#maybeSentUpTo = Math.max(this.confirmed, Math.min(this.#kept.maybeSentUpTo, events.head));
    events.holdFrom(this.confirmed + 1);
  }

  get confirmed(): number {
    return this.#kept.confirmed;
  }
  get maybeSentUpTo(): number {
    return this.#maybeSentUpTo;
  }

  /** To be called before those up to this seq are sent. Throws the system's error. */
  announce(upTo: number): void {
    if (upTo > this.#kept.maybeSentUpTo) this.#change({ maybeSentUpTo: upTo + announcedAhead });
    this.#maybeSentUpTo = upTo;
  }

  /** They were not sent after all. */
  withdraw(backTo: number): void {
    this.#maybeSentUpTo = backTo;
  }

  /** Up to this seq nothing is to be asked for or sent any more. */
  confirm(upTo: number): void {
    if (upTo <= this.confirmed) return;
    this.#change({ confirmed: upTo, maybeSentUpTo: Math.max(upTo, this.#kept.maybeSentUpTo) });
    this.#maybeSentUpTo = Math.max(upTo, this.#maybeSentUpTo);
    this.#events.holdFrom(upTo + 1);
  }

  #change(change: Partial<KeptPlace>): void {
    const before = this.#kept;
    this.#kept = { ...before, ...change };
    try {
      this.#save();
    } catch (error) {
      this.#kept = before;
      throw error;
    }
  }

  #save(): void {
    this.#store.save(this.#kept);
  }
}
