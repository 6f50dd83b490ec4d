/**
 * The own events that are still to be forwarded, in the order of seq. While few wait they are taken over as they are
 * committed; when too many do, the log is read from there on, until its end is reached again.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LoggedEvent } from '../event-log/logged-event.ts';
import type { OwnEvents } from '../event-log/own-events.ts';
import { openOf } from '../event-text/canonical.ts';
import type { Passing } from './passing.ts';

export interface PassingEvent {
  readonly seq: number;
  readonly id: string;
  /** As in its text. */
  readonly occurred: string;
  /** As its producer sent it, in canonical form. */
  readonly text: string;
}

export interface PassingParts {
  readonly events: OwnEvents;
  /** Only what live delivery has passed is forwarded: it is durable. */
  readonly live: { readonly mark: number };
  readonly passing: Passing;
  readonly counters: { heldBack: number };
  /** Up to this seq those that are held back were counted, by earlier runs too where it is shared. */
  readonly counted?: { upTo: number };
}

export interface TakenBatch {
  readonly events: readonly PassingEvent[];
  /** All up to this seq is in this or in earlier ones, or is not forwarded. */
  readonly last: number;
}

/** What is held in memory; beyond it the log has it. */
export const waitingMax = { events: 1_000, bytes: 4 * 1024 * 1024 };
/** Of the log, between two turns for others. */
export const sliceBytes = 256 * 1024;

export class PassingEvents {
  readonly #parts: PassingParts;
  readonly #counted: { upTo: number };
  #waiting: PassingEvent[] = [];
  #waitingBytes = 0;
  /** All up to this seq was looked at; while it follows the log, that is all that is committed. */
  #lookedUpTo: number;
  #isFollowing = false;
  #isOver = false;

  /** Those behind this seq. */
  constructor(parts: PassingParts, after: number) {
    this.#parts = parts;
    this.#counted = parts.counted ?? { upTo: after };
    this.#lookedUpTo = after;
  }

  /** Whether there is anything to take or to look for. Cheap. */
  get isWaiting(): boolean {
    const { mark } = this.#parts.live;
    const [first] = this.#waiting;
    return first === undefined ? !this.#isFollowing && this.#lookedUpTo < mark : first.seq <= mark;
  }

  /** The first seq that was neither taken nor passed over. */
  get next(): number {
    return this.#waiting[0]?.seq ?? (this.#isFollowing ? this.#parts.events.head : this.#lookedUpTo) + 1;
  }

  /** The next ones, in memory of their own; none if nothing waits, or it was stopped. Throws as the log does. */
  async take(eventsMax: number, bytesMax: number): Promise<TakenBatch> {
    while (this.#waiting.length < eventsMax && this.#waitingBytes < bytesMax && !this.#isAtEnd()) {
      this.#look();
      await nextTurn();
    }
    const { mark } = this.#parts.live;
    const events: PassingEvent[] = [];
    if (this.#isOver) return { events, last: Math.min(mark, this.next - 1) };
    for (let bytes = 0; events.length < eventsMax; ) {
      const [event] = this.#waiting;
      if (event === undefined || event.seq > mark) break;
      bytes += event.text.length;
      if (events.length > 0 && bytes > bytesMax) break;
      events.push(event);
      this.#waiting.shift();
      this.#waitingBytes -= event.text.length;
    }
    return { events, last: Math.min(mark, this.next - 1) };
  }

  /** Looks at nothing any more, and gives nothing: the log tells one only, and that may be the next run by now. */
  stop(): void {
    this.#isOver = true;
    if (this.#isFollowing) this.#followNoMore(this.#parts.events.head);
  }

  /** These were taken, and are to be taken again. */
  putBack(events: readonly PassingEvent[]): void {
    this.#waiting.unshift(...events);
    for (const { text } of events) this.#waitingBytes += text.length;
  }

  /** From the last look of the log on it is told of each commit: no group can come between the two. */
  #isAtEnd(): boolean {
    const { events } = this.#parts;
    if (this.#isOver) return true;
    if (!this.#isFollowing && this.#lookedUpTo >= events.head) {
      this.#isFollowing = true;
      events.watchOwn((rows, at, end) => this.#follow(rows, at, end));
    }
    return this.#isFollowing;
  }

  #look(): void {
    const { events } = this.#parts;
    this.#lookedUpTo = events.readOwn(this.#lookedUpTo + 1, sliceBytes, events.head, (rows, at, end) =>
      this.#take(rows, at, end),
    );
  }

  #follow(rows: Buffer, at: number, end: number): void {
    // The rest of a group of which one was too many.
    if (!this.#isFollowing) return;
    if (this.#waiting.length < waitingMax.events && this.#waitingBytes < waitingMax.bytes) {
      this.#take(rows, at, end);
      return;
    }
    this.#followNoMore(new LoggedEvent(rows, at, end).seq - 1);
  }

  #followNoMore(lookedUpTo: number): void {
    this.#isFollowing = false;
    this.#parts.events.watchOwn(null);
    this.#lookedUpTo = lookedUpTo;
  }

  #take(rows: Buffer, at: number, end: number): void {
    const { passing } = this.#parts;
    const event = passing.mayPass(rows, at) ? passingEvent(rows, at, end, passing) : null;
    if (event === null) {
      this.#countHeldBack(new LoggedEvent(rows, at, end).seq);
      return;
    }
    this.#waiting.push(event);
    this.#waitingBytes += event.text.length;
  }

  #countHeldBack(seq: number): void {
    if (seq <= this.#counted.upTo) return;
    this.#counted.upTo = seq;
    this.#parts.counters.heldBack += 1;
  }
}

/** In memory of its own; null for one that does not pass. */
export function passingEvent(rows: Buffer, at: number, end: number, { passes }: Passing): PassingEvent | null {
  const event = new LoggedEvent(rows, at, end);
  if (!passes(event)) return null;
  const { seq, id, occurred } = event;
  return { seq, id, occurred, text: `${openOf(event.raw)}}` };
}
