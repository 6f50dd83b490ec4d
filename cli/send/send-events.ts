/**
 * Sends events in batches, some on their way at once, and ends when each is durable or refused. A batch is sent as soon
 * as it is full, or as nothing else is on its way: few events come soon, many come in few requests.
 */
import { wait } from '../../client/src/retry.ts';
import { Batch } from './batch.ts';
import type { EventText } from './event-line.ts';
import type { EventPoster } from './post-events.ts';

export interface SendOptions {
  readonly poster: Pick<EventPoster, 'post'>;
  readonly signal: AbortSignal;
  /** Events a second; Infinity for as fast as it goes. */
  readonly rate: number;
  readonly refused: (line: number, reason: string) => void;
  /** So many events more are durable or refused. */
  readonly settled: (events: number, units: number) => void;
}

const batchBytes = 1024 * 1024;
const batchEventsMax = 2_000;
const underWayMax = 4;
/** A batch of a limited rate holds what comes in so long. */
const rateStepMs = 100;

export class EventSender {
  /** Events that are durable by now. */
  taken = 0;
  readonly #options: SendOptions;
  readonly #eventsMax: number;
  /** Buffers of batches that were taken: no request reads them any more. */
  readonly #free: Buffer<ArrayBuffer>[] = [];
  #batch: Batch;
  #underWay = 0;
  #failure: { readonly error: unknown } | null = null;
  #changed: (() => void) | null = null;
  /** When the next batch may leave, of a limited rate. */
  #freeAtMs = 0;

  constructor(options: SendOptions) {
    this.#options = options;
    this.#eventsMax = Math.max(1, Math.min(batchEventsMax, Math.floor((options.rate * rateStepMs) / 1000)));
    this.#batch = this.#newBatch();
  }

  /** Whether `add` takes an event of so many bytes now; else there is `room` to be waited for. */
  hasRoom(bytes: number): boolean {
    const batch = this.#batch;
    return batch.size === 0 || (batch.size < this.#eventsMax && batch.hasRoom(bytes));
  }

  /** `units` are those of progress, be it bytes or events; `line` is counted from 1. The text is copied. */
  add(event: EventText, line: number, units: number): void {
    const bytes = event.end - event.start;
    if (!this.#batch.hasRoom(bytes)) this.#batch = new Batch(Buffer.allocUnsafe(bytes + 2));
    this.#batch.add(event, line, units);
  }

  /** Sends what there is, once fewer are on their way. Rejects once the server wants no more. */
  async room(): Promise<void> {
    while (this.#underWay >= underWayMax) await this.#change();
    this.#throwFailure();
    this.#ship();
  }

  /** No more comes for now: what is there leaves, unless others are on their way. */
  pause(): void {
    this.#throwFailure();
    if (this.#underWay === 0) this.#ship();
  }

  /** Resolves when all that was taken is durable or refused. */
  async end(): Promise<void> {
    this.#ship();
    while (this.#underWay > 0 || this.#batch.size > 0) await this.#change();
    this.#throwFailure();
  }

  #newBatch(): Batch {
    return new Batch(this.#free.pop() ?? Buffer.allocUnsafe(batchBytes));
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
    if (batch.size === 0) return;
    this.#batch = this.#newBatch();
    this.#underWay += 1;
    this.#pace(batch.size)
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
  async #settle(batch: Batch): Promise<void> {
    const outcome = await this.#options.poster.post(batch.body, batch.size);
    switch (outcome.kind) {
      case 'taken':
        this.taken += batch.size;
        // After any other answer the rest of the body may still be on its way.
        if (batch.buffer.length === batchBytes) this.#free.push(batch.buffer);
        return this.#settled(batch);
      case 'refused': {
        const { reasons } = outcome;
        for (const [at, reason] of reasons) this.#options.refused(batch.lineOf(at), reason);
        this.#settled(batch.part((at) => reasons.has(at)));
        return reasons.size === batch.size ? undefined : this.#settle(batch.part((at) => !reasons.has(at)));
      }
      case 'unreadable':
      case 'tooLarge':
        if (batch.size > 1) return this.#halve(batch);
        this.#options.refused(batch.lineOf(0), outcome.kind === 'tooLarge' ? 'It is too large' : outcome.reason);
        return this.#settled(batch);
      default:
        return outcome satisfies never;
    }
  }

  async #halve(batch: Batch): Promise<void> {
    const middle = batch.size >> 1;
    await this.#settle(batch.part((at) => at < middle));
    await this.#settle(batch.part((at) => at >= middle));
  }

  #settled(batch: Batch): void {
    this.#options.settled(batch.size, batch.units);
  }
}
