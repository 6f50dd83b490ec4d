/**
 * The steps of the forwarder: the next batch, the next question, and the look once a second at what Prefect keeps.
 */
import type { Left } from '../../actors/forwarder.ts';
import { firstLineOf } from '../base/errors.ts';
import { failPoint } from '../base/fail-point.ts';
import { Doubt, type DoubtParts } from './doubt.ts';
import type { ForwarderPlace } from './forwarder-place.ts';
import type { PassingEvents } from './passing-events.ts';
import { ForwardFailure, sendEvents } from './send-events.ts';
import { type SentBatch, SentBatches } from './sent-batches.ts';

export interface ForwardingParts extends DoubtParts {
  readonly place: ForwarderPlace;
  readonly source: PassingEvents;
  readonly elapsedMs: () => number;
  /** After so long Prefect has written down what it took. */
  readonly settleMs: number;
  /** An event that is not shown for so long never will be. */
  readonly showMs: number;
}

/** Prefect takes some milliseconds for each event, and answers nobody else meanwhile. */
const batchEventsMax = 100;
const batchBytesMax = 1024 * 1024;

export class Forwarding {
  readonly #parts: ForwardingParts;
  readonly #sent: SentBatches;
  readonly #doubt: Doubt;
  /** While in doubt: up to here all was asked. */
  #askedUpTo: number | null = null;

  constructor(parts: ForwardingParts) {
    this.#parts = parts;
    this.#sent = new SentBatches(parts.settleMs);
    this.#doubt = new Doubt(parts);
  }

  /** Null before it is known whether Prefect shows what it takes. */
  get isShown(): boolean | null {
    return this.#doubt.isShown;
  }

  /** Rejects with a ForwardFailure. */
  async sendNext(signal: AbortSignal): Promise<Left> {
    const { source, place, elapsedMs } = this.#parts;
    const { events, last } = await source.take(batchEventsMax, batchBytesMax).catch(notInDoubt);
    if (events.length === 0) return 'none';
    const before = place.maybeSentUpTo;
    try {
      place.announce(last);
      failPoint('forward-announced');
      const event = await sendEvents(this.#parts, events, signal);
      failPoint('forward-sent');
      this.#sent.add({ last, event, sentMs: event === null ? Number.NEGATIVE_INFINITY : elapsedMs() });
    } catch (error) {
      const isInDoubt = error instanceof ForwardFailure && error.isInDoubt;
      if (!isInDoubt && this.#sent.isEmpty) {
        source.putBack(events);
        place.withdraw(before);
      }
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
    const asked = await this.#doubt.ask(from + 1, upTo, signal).catch((error: unknown) => {
      throw new ForwardFailure(firstLineOf(error), true);
    });
    const sentMs = asked.sent === null ? Number.NEGATIVE_INFINITY : elapsedMs();
    this.#sent.add({ last: asked.upTo, event: asked.sent, sentMs });
    if (asked.left === 'some') this.#askedUpTo = asked.upTo;
    return asked.left;
  }

  /**
   * Looks whether Prefect is there, and confirms what it has kept; while nothing is being sent, `idleUpTo` is the seq
   * up to which nothing waits. Resolves to whether Prefect was there while it still has something to keep.
   */
  async settle(idleUpTo: number | null, isStillSo: () => boolean): Promise<boolean> {
    const { api, place, elapsedMs } = this.#parts;
    if (this.#sent.isEmpty) {
      if (idleUpTo !== null) place.confirm(idleUpTo);
      return true;
    }
    const settled = this.#sent.settled(elapsedMs());
    if (!(await api.isThere())) return false;
    if (settled === null || !(await this.#isKept(settled)) || !isStillSo()) return true;
    place.confirm(settled.last);
    this.#sent.forget(settled.last);
    return true;
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
