/**
 * How far forwarding has come, written down before the log lets anything go.
 */
import type { Log } from '../base/log.ts';
import { OneAtATime } from '../base/one-at-a-time.ts';
import type { OwnEvents } from '../event-log/own-events.ts';
import type { KeptPlace, PlaceStore } from './kept-place.ts';
import type { Clock } from './pace.ts';

/**
 * What may have been sent is written down for so long ahead, as events come now: a file for each batch would hold up
 * the loop. After a kill all of it is in doubt.
 */
const announcedAheadMs = 3_000;
const announcedAhead = { min: 1_000, max: 100_000 };

export interface PlaceParts {
  readonly store: PlaceStore;
  readonly events: OwnEvents;
  /** Nothing is announced beyond it where it is given: who goes on may not have more of the log yet. */
  readonly announcedUpTo?: () => number;
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
  /** What is written depends on what was written before. */
  readonly #writes = new OneAtATime();

  /**
   * Goes on where the last run stood; without one, with the events that come from now on. What the log no longer has,
   * since it was not held for a while, is noted as skipped. Rejects as the store does.
   */
  static async open(parts: PlaceParts): Promise<ForwarderPlace> {
    const { store, events, log } = parts;
    const found = await store.load();
    const kept = found ?? { confirmed: events.head, maybeSentUpTo: events.head, skipped: [] };
    const left = withoutGone(kept, parts);
    if (left !== kept || found === null) await store.save(left);
    if (found === null) log.info({ after: events.head }, 'forwarding to Prefect begins');
    return new ForwarderPlace(parts, left);
  }

  private constructor(parts: PlaceParts, kept: KeptPlace) {
    const { events, clock } = parts;
    this.#parts = parts;
    this.#kept = kept;
    this.#maybeSentUpTo = Math.max(this.confirmed, Math.min(kept.maybeSentUpTo, events.head));
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

  /** To be called before those up to this seq are sent. Rejects as the store does. */
  announce(upTo: number): Promise<void> {
    return this.#writes.run(async () => {
      if (this.#isClosed) throw new Error('the place is closed');
      if (upTo > this.#kept.maybeSentUpTo) await this.#save(this.confirmed, upTo);
      this.#maybeSentUpTo = upTo;
    });
  }

  /** They were not sent after all. */
  withdraw(backTo: number): void {
    this.#maybeSentUpTo = backTo;
  }

  /** Writes down just what may have been sent, where more was announced: nothing is sent for a while. */
  narrow(): Promise<void> {
    return this.#writes.run(() => this.#narrow());
  }

  /** Up to this seq nothing is to be asked for or sent any more. */
  confirm(upTo: number): Promise<void> {
    return this.#writes.run(async () => {
      if (this.#isClosed || upTo <= this.confirmed) return;
      await this.#save(upTo, Math.max(upTo, this.#maybeSentUpTo));
      // Some may have been withdrawn meanwhile.
      this.#maybeSentUpTo = Math.max(upTo, this.#maybeSentUpTo);
      this.#confirmedAtMs = this.#saved.atMs;
      this.#parts.events.holdFrom(upTo + 1);
    });
  }

  /** As `narrow`, and nothing is announced or confirmed any more. */
  close(): Promise<void> {
    return this.#writes.run(async () => {
      try {
        await this.#narrow();
      } finally {
        this.#isClosed = true;
      }
    });
  }

  async #narrow(): Promise<void> {
    if (this.#isClosed || this.#kept.maybeSentUpTo === this.#maybeSentUpTo) return;
    await this.#write(this.confirmed, this.#maybeSentUpTo);
  }

  /** With what will be sent soon. */
  async #save(confirmed: number, maybeSentUpTo: number): Promise<void> {
    const { clock, announcedUpTo } = this.#parts;
    const atMs = clock.elapsedMs();
    const perMs = (maybeSentUpTo - this.#saved.upTo) / Math.max(1, atMs - this.#saved.atMs);
    const ahead = Math.min(announcedAhead.max, Math.max(announcedAhead.min, Math.ceil(perMs * announcedAheadMs)));
    const end = Math.min(maybeSentUpTo + ahead, announcedUpTo?.() ?? Number.POSITIVE_INFINITY);
    await this.#write(confirmed, Math.max(maybeSentUpTo, end));
    this.#saved = { upTo: maybeSentUpTo, atMs };
  }

  async #write(confirmed: number, maybeSentUpTo: number): Promise<void> {
    const place = { ...this.#kept, confirmed, maybeSentUpTo };
    await this.#parts.store.save(place);
    this.#kept = place;
  }
}

/** What the log does not have any more is not forwarded. */
function withoutGone(kept: KeptPlace, { events, now, log }: PlaceParts): KeptPlace {
  const first = kept.confirmed + 1;
  const last = events.oldest - 1;
  if (first > last) return kept;
  log.warn({ first, last }, 'events that were not forwarded are no longer in the journal: skipped');
  return {
    confirmed: last,
    maybeSentUpTo: Math.max(kept.maybeSentUpTo, last),
    skipped: [...kept.skipped, { first, last, at: new Date(now()).toISOString() }],
  };
}
