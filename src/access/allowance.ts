/**
 * What one identity may still use of its limits, over all its requests and connections, and what it has used (I4).
 */
import { Failure } from '../base/errors.ts';
import type { Limits } from './identity.ts';
import { RateBucket } from './rate-bucket.ts';

/** Of one name, for the metrics. */
export interface Usage {
  events: number;
  bytes: number;
  connections: number;
  readonly refused: { rate: number; connections: number; queries: number };
}

/**
 * What a socket may owe beyond its rate before it is closed. A stock client has some hundred events under way that are
 * not vouched for, and sends them again after a close: so many must fit, or it would never get on.
 */
const owedSeconds = 2;
const owedEventsMin = 1_000;
const owedBytesMin = 8 * 1024 * 1024;

interface Bound {
  readonly bucket: RateBucket;
  readonly owedMax: number;
}

export class Allowance {
  readonly usage: Usage;
  readonly #limits: Limits;
  readonly #nowMs: () => number;
  /** Null for no limit. */
  readonly #events: Bound | null;
  readonly #bytes: Bound | null;
  #connections = 0;
  #queries = 0;

  constructor(limits: Limits, usage: Usage, nowMs: () => number) {
    this.usage = usage;
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#events = boundOf(limits.rate, owedEventsMin, nowMs());
    this.#bytes = boundOf(limits.rateBytes, owedBytesMin, nowMs());
  }

  /** Takes a batch as a whole, or nothing of it and says why. */
  takeBatch(events: number, bytes: number): Failure | null {
    const nowMs = this.#nowMs();
    const waitMs = Math.max(
      this.#events?.bucket.waitMs(events, nowMs) ?? 0,
      this.#bytes?.bucket.waitMs(bytes, nowMs) ?? 0,
    );
    if (waitMs > 0) return this.#overRate(waitMs);
    this.#take(events, bytes, nowMs);
    return null;
  }

  /** Takes a message of a socket, which cannot be told to wait: beyond its rate it owes, up to a bound. */
  takeMessage(bytes: number): Failure | null {
    const nowMs = this.#nowMs();
    if (owesTooMuch(this.#events, nowMs) || owesTooMuch(this.#bytes, nowMs)) return this.#overRate(this.debtMs());
    this.#take(1, bytes, nowMs);
    return null;
  }

  /** Bytes that were read, though nothing of them was taken. */
  tookBytes(bytes: number): void {
    this.#take(0, bytes, this.#nowMs());
  }

  /** In how many ms nothing is owed any more. */
  debtMs(): number {
    const nowMs = this.#nowMs();
    return Math.max(this.#events?.bucket.waitMs(0, nowMs) ?? 0, this.#bytes?.bucket.waitMs(0, nowMs) ?? 0);
  }

  /** One more socket or stream; says why not. Who was let in leaves by `leave`. */
  enter(): Failure | null {
    const { connections } = this.#limits;
    if (connections !== null && this.#connections >= connections) {
      this.usage.refused.connections += 1;
      return new Failure('overConnections', `The token has its ${connections} connections already.`);
    }
    this.#connections += 1;
    this.usage.connections += 1;
    return null;
  }

  leave(): void {
    this.#connections -= 1;
    this.usage.connections -= 1;
  }

  /** One more question; says why not. */
  beginQuery(): Failure | null {
    const { queries } = this.#limits;
    if (queries !== null && this.#queries >= queries) {
      this.usage.refused.queries += 1;
      return new Failure('overQueries', `The token has its ${queries} questions under way already.`);
    }
    this.#queries += 1;
    return null;
  }

  endQuery(): void {
    this.#queries -= 1;
  }

  /** It is as a new one. */
  get isIdle(): boolean {
    const nowMs = this.#nowMs();
    const isFull = [this.#events, this.#bytes].every((bound) => bound?.bucket.isFull(nowMs) !== false);
    return isFull && !this.isInUse;
  }

  /** Somebody will leave it yet. */
  get isInUse(): boolean {
    return this.#connections > 0 || this.#queries > 0;
  }

  #take(events: number, bytes: number, nowMs: number): void {
    this.#events?.bucket.take(events, nowMs);
    this.#bytes?.bucket.take(bytes, nowMs);
    this.usage.events += events;
    this.usage.bytes += bytes;
  }

  #overRate(waitMs: number): Failure {
    this.usage.refused.rate += 1;
    const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
    const sentence = `The token's rate is used up: come back in ${retryAfterSeconds} s.`;
    return new Failure('overRate', sentence, { retryAfterSeconds });
  }
}

function boundOf(perSecond: number | null, owedMin: number, nowMs: number): Bound | null {
  if (perSecond === null) return null;
  return { bucket: new RateBucket(perSecond, nowMs), owedMax: Math.max(owedSeconds * perSecond, owedMin) };
}

function owesTooMuch(bound: Bound | null, nowMs: number): boolean {
  return bound !== null && bound.bucket.debt(nowMs) >= bound.owedMax;
}
