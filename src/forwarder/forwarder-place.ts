/**
 * How far forwarding has come, written down before the log lets anything go.
 */
import type { Log } from '../base/log.ts';
import type { OwnEvents } from '../event-log/own-events.ts';
import type { Clock } from './pace.ts';
import type { KeptPlace, PlaceStore } from './place-file.ts';

/**
 * What may have been sent is written down for so long ahead, as events come now: a file for each batch would hold up
 * the loop. After a kill all of it is in doubt.
 */
const announcedAheadMs = 3_000;
const announcedAhead = { min: 1_000, max: 100_000 };

export interface PlaceParts {
  readonly store: PlaceStore;
  readonly events: OwnEvents;
  readonly clock: Pick<Clock, 'elapsedMs'>;
  /** Wall clock, in ms. */
  readonly now: () => number;
  readonly log: Log;
}

export class ForwarderPlace {
  readonly #parts: PlaceParts;
  #kept: KeptPlace;
  #maybeSentUpTo: number;
  /** Of the last time that it was written down. */
  #saved: { readonly upTo: number; readonly atMs: number };
  #confirmedAtMs: number;
  #isClosed = false;

  /**
   * Goes on where the last run stood; without one, with the events that come from now on. What the log no longer has,
   * since it was not held for a while, is noted as skipped.
   */
  constructor(parts: PlaceParts) {
    const { store, events, clock, now, log } = parts;
    this.#parts = parts;
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
    if (isGone || found === null) store.save(this.#kept);
    if (found === null) log.info({ after: events.head }, 'forwarding to Prefect begins');
    this.#maybeSentUpTo = Math.max(this.confirmed, Math.min(this.#kept.maybeSentUpTo, events.head));
    this.#saved = { upTo: this.#maybeSentUpTo, atMs: clock.elapsedMs() };
    this.#confirmedAtMs = this.#saved.atMs;
    events.holdFrom(this.confirmed + 1);
  }

  get confirmed(): number {
    return this.#kept.confirmed;
  }
  get maybeSentUpTo(): number {
    return this.#maybeSentUpTo;
  }

  /** Since it last confirmed, or began. */
  get confirmedMsAgo(): number {
    return this.#parts.clock.elapsedMs() - this.#confirmedAtMs;
  }

  /** To be called before those up to this seq are sent. Throws the system's error. */
  announce(upTo: number): void {
    if (this.#isClosed) throw new Error('the place is closed');
    if (upTo > this.#kept.maybeSentUpTo) this.#save(this.confirmed, upTo);
    this.#maybeSentUpTo = upTo;
  }

  /** They were not sent after all. */
  withdraw(backTo: number): void {
    this.#maybeSentUpTo = backTo;
  }

  /** Writes down just what may have been sent, where more was announced: nothing is sent for a while. */
  narrow(): void {
    if (this.#isClosed || this.#kept.maybeSentUpTo === this.#maybeSentUpTo) return;
    this.#write(this.confirmed, this.#maybeSentUpTo);
  }

  /** Up to this seq nothing is to be asked for or sent any more. */
  confirm(upTo: number): void {
    if (this.#isClosed || upTo <= this.confirmed) return;
    const maybeSentUpTo = Math.max(upTo, this.#maybeSentUpTo);
    this.#save(upTo, maybeSentUpTo);
    this.#maybeSentUpTo = maybeSentUpTo;
    this.#confirmedAtMs = this.#saved.atMs;
    this.#parts.events.holdFrom(upTo + 1);
  }

  /** As `narrow`, and nothing is announced or confirmed any more. */
  close(): void {
    try {
      this.narrow();
    } finally {
      this.#isClosed = true;
    }
  }

  /** With what will be sent soon. */
  #save(confirmed: number, maybeSentUpTo: number): void {
    const atMs = this.#parts.clock.elapsedMs();
    const perMs = (maybeSentUpTo - this.#saved.upTo) / Math.max(1, atMs - this.#saved.atMs);
    const ahead = Math.min(announcedAhead.max, Math.max(announcedAhead.min, Math.ceil(perMs * announcedAheadMs)));
    this.#write(confirmed, maybeSentUpTo + ahead);
    this.#saved = { upTo: maybeSentUpTo, atMs };
  }

  #write(confirmed: number, maybeSentUpTo: number): void {
    const place = { ...this.#kept, confirmed, maybeSentUpTo };
    this.#parts.store.save(place);
    this.#kept = place;
  }
}
