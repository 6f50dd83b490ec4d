/**
 * What may have been sent and may be gone: it is read from the log again, asked for by id, and what is missing is sent
 * again. To send what Prefect has already would harm it (docs/decisions/051-forwarding-to-prefect.md).
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Left } from '../../actors/forwarder.ts';
import { timeKey } from '../../schemas/event.ts';
import { failPoint } from '../base/fail-point.ts';
import type { OwnEvents } from '../event-log/own-events.ts';
import type { Passing } from './passing.ts';
import { type PassingEvent, passingEvent, sliceBytes } from './passing-events.ts';
import { askedMax, type Window } from './prefect-api.ts';
import { type ForwardParts, sendEvents } from './send-events.ts';

export interface DoubtParts extends ForwardParts {
  readonly events: OwnEvents;
  readonly passing: Passing;
  readonly counters: ForwardParts['counters'] & { asked: number; sentAgain: number; leftInDoubt: number };
}

/** Up to here all was asked. */
export interface AskedInDoubt {
  readonly upTo: number;
  /** One of those that were just sent again; null if none was. */
  readonly sent: PassingEvent | null;
  readonly left: Left;
}

export class Doubt {
  readonly #parts: DoubtParts;
  /** Prefect shows what it is sent; null before that is known. */
  #isShown: boolean | null = null;
  /** An event that was sent by itself to learn that. */
  #trialId: string | null = null;

  constructor(parts: DoubtParts) {
    this.#parts = parts;
  }

  get isShown(): boolean | null {
    return this.#isShown;
  }

  /** Whether Prefect shows an event that it took some time ago; told to people once if it does not. */
  noteShown(isShown: boolean): void {
    if (!isShown && this.#isShown !== false) this.#parts.log.warn(notShown);
    this.#isShown = isShown;
  }

  /** Asks for the first events in [from, upTo]. Rejects where that cannot be done; then all is still in doubt. */
  async ask(from: number, upTo: number, signal: AbortSignal): Promise<AskedInDoubt> {
    const { events, last } = await this.#read(from, upTo);
    const left: Left = last < upTo ? 'some' : 'none';
    if (events.length === 0) return { upTo: last, sent: null, left };
    const missing = await this.#missingOf(events);
    const sent = missing.length > 0 ? await this.#sendAgain(missing, missing.length === events.length, signal) : null;
    return { upTo: last, sent, left };
  }

  /** Which of those in [from, upTo], which were asked for at once before, Prefect does not show. Rejects as `ask`. */
  async missingIn(from: number, upTo: number): Promise<readonly PassingEvent[]> {
    const { events } = await this.#read(from, upTo);
    return events.length === 0 ? [] : await this.#missingOf(events);
  }

  /** Sends them once more. Resolves to one of those that were taken. */
  sendMissing(missing: readonly PassingEvent[], signal: AbortSignal): Promise<PassingEvent | null> {
    return this.#sendAgain(missing, false, signal);
  }

  giveUp(missing: readonly PassingEvent[]): void {
    const { counters, log } = this.#parts;
    counters.leftInDoubt += missing.length;
    log.warn({ events: missing.length, first: missing[0]?.id }, 'Prefect does not keep what it is sent again');
  }

  async #read(
    from: number,
    upTo: number,
  ): Promise<{ readonly events: readonly PassingEvent[]; readonly last: number }> {
    const events: PassingEvent[] = [];
    let last = from - 1;
    while (last < upTo && events.length < askedMax) {
      const lookedUpTo = this.#parts.events.readOwn(last + 1, sliceBytes, upTo, (rows, at, end) => {
        if (events.length === askedMax || !this.#parts.passing.mayPass(rows, at)) return;
        const event = passingEvent(rows, at, end, this.#parts.passing);
        if (event !== null) events.push(event);
      });
      last = events.length === askedMax ? (events.at(-1)?.seq ?? lookedUpTo) : lookedUpTo;
      await nextTurn();
    }
    return { events, last };
  }

  async #missingOf(events: readonly PassingEvent[]): Promise<readonly PassingEvent[]> {
    const { api, counters } = this.#parts;
    counters.asked += events.length;
    const ids = events.map(({ id }) => id);
    const found = await api.find(ids, windowOf(events));
    failPoint('forward-asked');
    if (found.size > 0) this.noteShown(true);
    return events.filter(({ id }) => !found.has(id));
  }

  async #sendAgain(
    missing: readonly PassingEvent[],
    areAllMissing: boolean,
    signal: AbortSignal,
  ): Promise<PassingEvent | null> {
    const wasTried = missing.some(({ id }) => id === this.#trialId);
    if (this.#isShown === null && wasTried) this.noteShown(false);
    if (this.#isShown === false) {
      this.#parts.counters.leftInDoubt += missing.length;
      return null;
    }
    if (this.#isShown === true || !areAllMissing) return await this.#send(missing, signal);
    for (const event of missing) {
      const taken = await this.#send([event], signal);
      if (taken === null) continue;
      this.#trialId = taken.id;
      throw new Error('whether Prefect shows what it is sent is not known yet');
    }
    return null;
  }

  async #send(events: readonly PassingEvent[], signal: AbortSignal): Promise<PassingEvent | null> {
    const { counters } = this.#parts;
    const taken = await sendEvents(this.#parts, events, signal);
    counters.sentAgain += events.length;
    return taken;
  }
}

const notShown =
  'Prefect does not show events that it has taken: its event persister is off. So what is in doubt after a restart ' +
  'or an unclear answer is not sent again';

function windowOf(events: readonly PassingEvent[]): Window {
  const times = events.map(({ occurred }) => occurred).sort((a, b) => (timeKey(a) < timeKey(b) ? -1 : 1));
  return { since: times[0] ?? '', until: times.at(-1) ?? '' };
}
