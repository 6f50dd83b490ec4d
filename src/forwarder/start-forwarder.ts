/**
 * Runs the forwarder: its actor (actors/forwarder.ts) decides when, the steps are in forwarding.ts. Intake and live
 * delivery only wake it.
 */
import { type Actor, createActor, fromPromise } from 'xstate';
import { type ForwarderTimes, forwarderMachine, type Left } from '../../actors/forwarder.ts';
import { endsWithin } from '../base/ends-within.ts';
import { firstLineOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { OwnEvents } from '../event-log/own-events.ts';
import { ForwarderPlace } from './forwarder-place.ts';
import { Forwarding, looks, notePlaceFailure } from './forwarding.ts';
import type { PlaceStore } from './kept-place.ts';
import { type Clock, Pace } from './pace.ts';
import type { Passing } from './passing.ts';
import { PassingEvents } from './passing-events.ts';
import type { PrefectApi } from './prefect-api.ts';
import { RoomWarning } from './room-warning.ts';
import { type SendPermit, standingPermit } from './send-events.ts';

export interface ForwarderCounters {
  /** Events that Prefect has taken, those sent again too. */
  sent: number;
  /** Missing there when it was asked, and sent again. */
  sentAgain: number;
  /** Ids that it was asked for. */
  asked: number;
  /** Events that it refuses for their content. */
  refused: number;
  /** Own events that the filter keeps off it. */
  heldBack: number;
  /** Missing there, and not sent again: it shows nothing that it takes, or not what it was sent again. */
  leftInDoubt: number;
  /** Batches and questions that failed. */
  failures: number;
}

export interface ForwarderParts {
  readonly events: OwnEvents;
  readonly live: { readonly mark: number };
  readonly passing: Passing;
  readonly api: PrefectApi;
  readonly store: PlaceStore;
  /** See PlaceParts. */
  readonly announcedUpTo?: () => number;
  /** One that always holds by default. */
  readonly permit?: SendPermit;
  /** Are counted on where they are given. */
  readonly counters?: ForwarderCounters;
  /** See PassingParts. */
  readonly counted?: { upTo: number };
  readonly eventsPerS: number;
  /** For people: the server's address, and the filter as text. */
  readonly told: Pick<ForwarderStatus, 'url' | 'filter'>;
  readonly clock: Clock;
  /** Wall clock, in ms. */
  readonly now: () => number;
  readonly times?: Partial<ForwarderRunTimes>;
  readonly log: Log;
}

export interface ForwarderRunTimes extends ForwarderTimes {
  readonly settleMs: number;
  readonly repeatMs: number;
  readonly showMs: number;
  readonly lookMs: number;
  readonly confirmMs: number;
  readonly silentMs: number;
  /** Behind a batch that was not full. */
  readonly gapMs: number;
}

export interface ForwarderStatus {
  /** The gateway that forwards, empty while none does; null for a single Sluice. */
  readonly by: string | null;
  readonly url: string;
  /** What passes, as a client sends it; null for all. */
  readonly filter: string | null;
  readonly phase: string;
  /** Why the last step failed; empty once one has succeeded. */
  readonly reason: string;
  readonly counters: Readonly<ForwarderCounters>;
  /** The first seq that is not sent or passed over, null before that is known; and that Prefect may not have. */
  readonly next: number | null;
  readonly unconfirmed: number;
  /** Whether Prefect shows what it takes; null before that is known. */
  readonly isShown: boolean | null;
}

export interface Forwarder {
  /** Something was handed to live delivery. Cheap; called once a group. */
  wake(): void;
  readonly status: ForwarderStatus;
  /** Lets a step under way end, for at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** Prefect writes down within 5 s what it takes, and knows repeats for 300 s. */
const usualTimes: ForwarderRunTimes = {
  backoffFirstMs: 250,
  backoffMaxMs: 5_000,
  doubtMs: 6_000,
  settleMs: 10_000,
  repeatMs: 310_000,
  showMs: 60_000,
  lookMs: 1_000,
  confirmMs: 2_000,
  silentMs: 3_000,
  gapMs: 250,
};

/** What keeps the place may not answer. */
const closeMs = 1_000;

/** Rejects as the store of the place does. */
export async function startForwarder(parts: ForwarderParts): Promise<Forwarder> {
  const run = new ForwarderRun(parts, await ForwarderPlace.open(parts));
  run.start();
  return run;
}

class ForwarderRun implements Forwarder {
  readonly #parts: ForwarderParts;
  readonly #times: ForwarderRunTimes;
  readonly #counters: ForwarderCounters;
  readonly #stopping = new AbortController();
  readonly #place: ForwarderPlace;
  readonly #source: PassingEvents;
  readonly #steps: Forwarding;
  readonly #room: RoomWarning;
  readonly #actor: Actor<typeof forwarderMachine>;
  /** Of the last step; empty if it was well. */
  #reason = '';
  #underWay: Promise<unknown> = Promise.resolve();
  #looking: Promise<unknown> = Promise.resolve();

  constructor(parts: ForwarderParts, place: ForwarderPlace) {
    const { clock, counters = noneYet(), permit = standingPermit } = parts;
    this.#counters = counters;
    this.#parts = parts;
    this.#times = { ...usualTimes, ...parts.times };
    this.#place = place;
    this.#source = new PassingEvents({ ...parts, counters }, this.#place.maybeSentUpTo);
    const pace = new Pace(parts.eventsPerS, this.#times.gapMs, clock);
    const own = { counters, permit, pace, place: this.#place, source: this.#source, signal: this.#stopping.signal };
    this.#steps = new Forwarding({ ...parts, ...this.#times, ...clock, ...own });
    this.#room = new RoomWarning({ ...parts, elapsedMs: clock.elapsedMs });
    this.#actor = this.#createActor();
  }

  start(): void {
    this.#actor.start();
    this.wake();
    this.#looking = this.#lookOften();
  }

  wake(): void {
    if (this.#source.isWaiting && this.#phase === 'idle') this.#actor.send({ type: 'events.waiting' });
  }

  get status(): ForwarderStatus {
    return {
      ...this.#parts.told,
      by: null,
      phase: this.#phase,
      reason: this.#reason,
      counters: this.#counters,
      next: this.#source.next,
      unconfirmed: this.#place.confirmed + 1,
      isShown: this.#steps.isShown,
    };
  }

  async stop(graceMs: number): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const { api, clock } = this.#parts;
    this.#source.stop();
    this.#actor.send({ type: 'forwarder.stopped' });
    this.#stopping.abort();
    const isOver = new AbortController();
    const ended = Promise.all([this.#underWay, this.#looking]);
    await Promise.race([ended, clock.pause(graceMs, isOver.signal)]);
    isOver.abort();
    const closed = this.#place.close().catch((error: unknown) => notePlaceFailure(this.#parts.log, error));
    await endsWithin(closeMs, closed);
    await api.close();
  }

  get #phase(): string {
    return this.#actor.getSnapshot().value;
  }

  #createActor() {
    const { signal } = this.#stopping;
    const input = { times: this.#times, isInDoubt: this.#place.maybeSentUpTo > this.#place.confirmed };
    const sendNext = fromPromise(() => this.#step(this.#steps.sendNext(signal)));
    const askNext = fromPromise(() => this.#step(this.#steps.askNext(signal)));
    return createActor(forwarderMachine.provide({ actors: { sendNext, askNext } }), { input });
  }

  #step(work: Promise<Left>): Promise<Left> {
    this.#underWay = work.catch(() => undefined);
    return work.then(
      (left) => {
        if (this.#reason !== '') this.#parts.log.info('events are forwarded to Prefect again');
        this.#reason = '';
        return left;
      },
      (error: unknown) => {
        this.#counters.failures += 1;
        const reason = firstLineOf(error);
        if (this.#reason === '' && !this.#stopping.signal.aborted) {
          this.#parts.log.warn({ reason }, 'events are not forwarded to Prefect for now; they wait in the journal');
        }
        this.#reason = reason;
        throw error;
      },
    );
  }

  async #lookOften(): Promise<void> {
    const { signal } = this.#stopping;
    const { clock } = this.#parts;
    while (!signal.aborted) {
      await clock.pause(this.#times.lookMs / looks, signal);
      if (signal.aborted) return;
      this.wake();
      this.#room.look(this.#place.confirmed < this.#parts.live.mark, this.#reason);
      await this.#look().catch((error: unknown) => notePlaceFailure(this.#parts.log, error));
    }
  }

  async #look(): Promise<void> {
    if (!this.#isCertain()) return;
    const idleUpTo = this.#phase === 'idle' ? Math.min(this.#parts.live.mark, this.#source.next - 1) : null;
    const isThere = await this.#steps.settle(idleUpTo, () => this.#isCertain());
    if (!isThere && this.#isSending) this.#actor.send({ type: 'prefect.lost' });
  }

  get #isSending(): boolean {
    return this.#phase === 'idle' || this.#phase === 'forwarding';
  }

  #isCertain(): boolean {
    return this.#isSending && !this.#actor.getSnapshot().context.isInDoubt;
  }
}

export function noneYet(): ForwarderCounters {
  return { sent: 0, sentAgain: 0, asked: 0, refused: 0, heldBack: 0, leftInDoubt: 0, failures: 0 };
}
