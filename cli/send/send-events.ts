/**
 * Sends events in batches, some on their way at once, and ends when each is durable or refused. A batch is sent as soon
 * as it is full, or as nothing else is on its way: few events come soon, many come in few requests.
 */
import { wait } from '../../client/src/retry.ts';
import type { EventPoster } from './post-events.ts';

export interface Outgoing {
  /** JSON of one event. */
  readonly text: string;
  /** Counted from 1. */
  readonly line: number;
  /** Of progress, be it bytes or events. */
  readonly units: number;
}

export interface SendOptions {
  readonly poster: Pick<EventPoster, 'post'>;
  readonly signal: AbortSignal;
  /** Events a second; Infinity for as fast as it goes. */
  readonly rate: number;
  readonly refused: (line: number, reason: string) => void;
  /** So many events more are durable or refused. */
  readonly settled: (events: number, units: number) => void;
}

const batchBytesMax = 1024 * 1024;
const batchEventsMax = 2_000;
const underWayMax = 4;
/** A batch of a limited rate holds what comes in so long. */
const rateStepMs = 100;

export class EventSender {
  /** Events that are durable by now. */
  taken = 0;
  readonly #options: SendOptions;
  #batch: Outgoing[] = [];
  #batchBytes = 0;
  #underWay = 0;
  #failure: { readonly error: unknown } | null = null;
  #changed: (() => void) | null = null;
  /** When the next batch may leave, of a limited rate. */
  #freeAtMs = 0;

  constructor(options: SendOptions) {
    this.#options = options;
  }

  /** Takes some, and waits while too many are on their way. Rejects once the server wants no more. */
  async add(events: readonly Outgoing[]): Promise<void> {
    const { rate } = this.#options;
    const eventsMax = Math.max(1, Math.min(batchEventsMax, Math.floor((rate * rateStepMs) / 1000)));
    for (const event of events) {
      if (this.#batch.length >= eventsMax || this.#batchBytes + event.text.length > batchBytesMax) {
        await this.#room();
        this.#ship();
      }
      this.#batch.push(event);
      this.#batchBytes += event.text.length;
    }
    if (this.#underWay === 0) this.#ship();
  }

  /** Resolves when all that was taken is durable or refused. */
  async end(): Promise<void> {
    this.#ship();
    while (this.#underWay > 0 || this.#batch.length > 0) await this.#change();
    this.#throwFailure();
  }

  async #room(): Promise<void> {
    while (this.#underWay >= underWayMax) await this.#change();
  }

  async #change(): Promise<void> {
    this.#throwFailure();
    await new Promise<void>((resolve) => {
      this.#changed = resolve;
    });
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  #ship(): void {
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = [];
    this.#batchBytes = 0;
    this.#underWay += 1;
    this.#pace(batch.length)
      .then(() => this.#settle(batch))
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#underWay -= 1;
        // What has gathered meanwhile does not wait for more.
        if (this.#underWay === 0 && this.#failure === null) this.#ship();
        this.#changed?.();
      });
  }

  async #pace(events: number): Promise<void> {
    const { rate, signal } = this.#options;
    if (rate === Number.POSITIVE_INFINITY) return;
    const nowMs = performance.now();
    const waitMs = this.#freeAtMs - nowMs;
    this.#freeAtMs = Math.max(nowMs, this.#freeAtMs) + (1000 * events) / rate;
    if (waitMs > 0) await wait(waitMs, signal);
  }

  /** Until each event of it is taken or refused. */
  async #settle(batch: readonly Outgoing[]): Promise<void> {
    const { poster } = this.#options;
    const outcome = await poster.post(batch.map(({ text }) => text));
    switch (outcome.kind) {
      case 'taken':
        this.taken += batch.length;
        return this.#settled(batch);
      case 'refused': {
        const isBad = (_: Outgoing, at: number): boolean => outcome.reasons.has(at);
        for (const [at, reason] of outcome.reasons) this.#options.refused(batch[at]?.line ?? 0, reason);
        this.#settled(batch.filter(isBad));
        const rest = batch.filter((event, at) => !isBad(event, at));
        return rest.length === 0 ? undefined : this.#settle(rest);
      }
      case 'unreadable':
      case 'tooLarge':
        if (batch.length > 1) return this.#halve(batch);
        this.#options.refused(batch[0]?.line ?? 0, outcome.kind === 'tooLarge' ? 'It is too large' : outcome.reason);
        return this.#settled(batch);
      default:
        return outcome satisfies never;
    }
  }

  async #halve(batch: readonly Outgoing[]): Promise<void> {
    const middle = batch.length >> 1;
    await this.#settle(batch.slice(0, middle));
    await this.#settle(batch.slice(middle));
  }

  #settled(events: readonly Outgoing[]): void {
    this.#options.settled(
      events.length,
      events.reduce((sum, { units }) => sum + units, 0),
    );
  }
}
