/**
 * The steps of the forwarder: the next batch, the next question, and the look once a second at what Prefect keeps.
 */
import type { Left } from '../../actors/forwarder.ts';
import { firstLineOf } from '../base/errors.ts';
import { failPoint } from '../base/fail-point.ts';
import { LeaseLost } from '../base/lease.ts';
import type { Log } from '../base/log.ts';
import { Doubt, type DoubtParts } from './doubt.ts';
import type { ForwarderPlace } from './forwarder-place.ts';
import type { PassingEvents } from './passing-events.ts';
import { batchEventsMax, ForwardFailure, sendEvents } from './send-events.ts';
import { type BatchAgain, type SentBatch, SentBatches, type SentTimes } from './sent-batches.ts';

export interface ForwardingParts extends DoubtParts, SentTimes {
  readonly place: ForwarderPlace;
  readonly source: PassingEvents;
  readonly elapsedMs: () => number;
  /** An event that is not shown for so long never will be. */
  readonly showMs: number;
  /** It is heard of Prefect at least so often. */
  readonly lookMs: number;
  /** What Prefect has kept is noted no more often. */
  readonly confirmMs: number;
  /** Nothing was heard of Prefect for so long: it may have been started again. */
  readonly silentMs: number;
  /** Aborted when the forwarder stops. */
  readonly signal: AbortSignal;
}

const batchBytesMax = 1024 * 1024;
const triesAgainMax = 3;
/** `settle` is called so often in `lookMs`. */
export const looks = 4;
const placeFailed = 'the forwarder could not note its place';

export function notePlaceFailure(log: Log, error: unknown): void {
  // Who has the lease now says so.
  if (error instanceof LeaseLost) log.debug({ err: error }, placeFailed);
  else log.error({ err: error }, placeFailed);
}

export class Forwarding {
  readonly #parts: ForwardingParts;
  readonly #sent: SentBatches;
  readonly #doubt: Doubt;
  /** While in doubt: up to here all was asked. */
  #askedUpTo: number | null = null;
  /** When Prefect was last asked something that it answered. */
  #heardMs = Number.NEGATIVE_INFINITY;

  constructor(parts: ForwardingParts) {
    this.#parts = parts;
    this.#sent = new SentBatches(parts);
    this.#doubt = new Doubt(parts);
  }

  /** Null before it is known whether Prefect shows what it takes. */
  get isShown(): boolean | null {
    return this.#doubt.isShown;
  }

  /** Rejects with a ForwardFailure. */
  async sendNext(signal: AbortSignal): Promise<Left> {
    const { source, place, pace, elapsedMs } = this.#parts;
    // Before they are taken: meanwhile others come to them.
    await pace.wait(signal);
    if (signal.aborted) return 'none';
    const { events, last } = await source.take(batchEventsMax, batchBytesMax).catch(notInDoubt);
    if (events.length === 0) return 'none';
    const before = place.maybeSentUpTo;
    try {
      await place.announce(last);
      failPoint('forward-announced');
      const askedMs = elapsedMs();
      const event = await sendEvents(this.#parts, events, signal);
      failPoint('forward-sent');
      this.#heardMs = askedMs;
      const sentMs = event === null ? Number.NEGATIVE_INFINITY : elapsedMs();
      this.#sent.add({ first: null, last, event, sentMs, triesAgain: 0, isMissing: false });
    } catch (error) {
      const isInDoubt = error instanceof ForwardFailure && error.isInDoubt;
      if (!isInDoubt) {
        source.putBack(events);
        place.withdraw(before);
      }
      await this.#narrow();
      throw new ForwardFailure(firstLineOf(error), isInDoubt || !this.#sent.isEmpty);
    }
    return source.isWaiting ? 'some' : 'none';
  }

  /** Rejects with a ForwardFailure; then all is asked for again. */
  async askNext(signal: AbortSignal): Promise<Left> {
    const { place, elapsedMs } = this.#parts;
    const upTo = place.maybeSentUpTo;
    if (this.#askedUpTo === null) this.#sent.clear();
    const from = this.#askedUpTo ?? place.confirmed;
    this.#askedUpTo = null;
    if (from >= upTo) return 'none';
    const askedMs = elapsedMs();
    const asked = await this.#doubt.ask(from + 1, upTo, signal).catch((error: unknown) => {
      throw new ForwardFailure(firstLineOf(error), true);
    });
    this.#heardMs = askedMs;
    const sentMs = asked.sent === null ? Number.NEGATIVE_INFINITY : elapsedMs();
    const triesAgain = asked.sent === null ? 0 : 1;
    this.#sent.add({ first: from + 1, last: asked.upTo, event: asked.sent, sentMs, triesAgain, isMissing: false });
    if (asked.left === 'some') this.#askedUpTo = asked.upTo;
    return asked.left;
  }

  /**
   * Looks whether Prefect is there, if it was not heard of lately, and confirms what it has kept; while nothing is
   * being sent, `idleUpTo` is the seq up to which nothing waits. Resolves to whether Prefect was there while it still
   * has something to keep. To be called `looks` times in `lookMs`.
   */
  async settle(idleUpTo: number | null, isStillSo: () => boolean): Promise<boolean> {
    const { place, elapsedMs, confirmMs } = this.#parts;
    const isDue = place.confirmedMsAgo >= confirmMs;
    if (this.#sent.isEmpty) {
      if (isDue && idleUpTo !== null) await place.confirm(idleUpTo);
      return true;
    }
    const again = this.#sent.again(elapsedMs());
    const settled = this.#sent.settled(elapsedMs());
    if (!(await this.#isThere())) return false;
    if (again !== null) await this.#lookAgain(again, isStillSo);
    if (!isDue || settled === null || !(await this.#isKept(settled)) || !isStillSo()) return true;
    await place.confirm(settled.last);
    this.#sent.forget(settled.last);
    return true;
  }

  /** Asks only if what was heard last would be too old at the next look. */
  async #isThere(): Promise<boolean> {
    const { api, elapsedMs, lookMs, silentMs } = this.#parts;
    const nowMs = elapsedMs();
    // This process was stopped, or waited for what keeps its place.
    if (nowMs - this.#heardMs > silentMs) return false;
    if (nowMs - this.#heardMs <= lookMs - lookMs / looks) return true;
    if (!(await api.isThere())) return false;
    this.#heardMs = nowMs;
    return true;
  }

  /** Over Redis Prefect takes an event that it has lost for a repeat, when it is sent again within five minutes. */
  async #lookAgain(batch: BatchAgain, isStillSo: () => boolean): Promise<void> {
    const next = await this.#againOf(batch).catch((error: unknown) => {
      this.#parts.log.debug({ err: error }, 'what was sent to Prefect again was not looked for');
      return null;
    });
    if (next !== null && isStillSo()) this.#sent.replace(next);
  }

  async #againOf(batch: BatchAgain): Promise<SentBatch> {
    const { first, last, triesAgain, isMissing } = batch;
    const missing = await this.#doubt.missingIn(first, last);
    if (missing.length > 0 && triesAgain < triesAgainMax) {
      if (!isMissing) return { ...batch, isMissing: true };
      const event = await this.#doubt.sendMissing(missing, this.#parts.signal);
      if (event !== null)
        return { ...batch, event, sentMs: this.#parts.elapsedMs(), triesAgain: triesAgain + 1, isMissing: false };
    } else if (missing.length > 0) this.#doubt.giveUp(missing);
    return { ...batch, triesAgain: 0 };
  }

  /** What was announced may be much more than was sent, and nothing is sent for a while. */
  async #narrow(): Promise<void> {
    await this.#parts.place.narrow().catch((error: unknown) => notePlaceFailure(this.#parts.log, error));
  }

  /** The first time it is looked for. */
  async #isKept({ event, sentMs }: SentBatch): Promise<boolean> {
    if (event === null || this.#doubt.isShown !== null) return true;
    const { api, elapsedMs, showMs } = this.#parts;
    const window = { since: event.occurred, until: event.occurred };
    const found = await api.find([event.id], window).catch(() => null);
    if (found === null) return false;
    const isShown = found.has(event.id);
    if (!isShown && elapsedMs() - sentMs < showMs) return false;
    this.#doubt.noteShown(isShown);
    return true;
  }
}

function notInDoubt(error: unknown): never {
  throw new ForwardFailure(firstLineOf(error), false);
}
