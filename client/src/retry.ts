/** Waiting, and trying again: full jitter, bounded, and ended by the signal at any instant. */
import { asSluiceError } from './errors.ts';
import type { RetryOptions } from './options.ts';

export interface Retry {
  readonly firstMs: number;
  readonly longestMs: number;
  readonly attemptsMax: number;
}

const requestAttempts = 6;

export function retryOf(options: RetryOptions = {}, attemptsMax = requestAttempts): Retry {
  return {
    firstMs: options.firstMs ?? 200,
    longestMs: options.longestMs ?? 30_000,
    attemptsMax: options.attemptsMax ?? attemptsMax,
  };
}

/** Milliseconds to wait after the nth failure in a row, 1 being the first; `random` is in [0, 1). */
export function delayMsOf(retry: Retry, failures: number, askedMs: number | undefined, random: number): number {
  const ceiling = Math.min(retry.longestMs, retry.firstMs * 2 ** Math.min(failures, 30));
  return Math.min(askedMs ?? 0, retry.longestMs) + random * ceiling;
}

/** What `Retry-After` asks for, if it is a number of seconds. */
export function retryAfterMsOf(headers: Headers): number | undefined {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
}

/** Resolves after so long; rejects with the signal's reason once that is aborted. */
export function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const ended = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', ended);
      resolve();
    }, ms);
    signal?.addEventListener('abort', ended, { once: true });
  });
}

/** The promise, or the signal's reason if that comes first. */
export function within<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(signal.reason);
    if (signal.aborted) ended();
    signal.addEventListener('abort', ended, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', ended));
  });
}

/** Counts failures in a row: throws those that are for good, waits after the others. */
export class Attempts {
  readonly #retry: Retry;
  readonly #signal: AbortSignal | undefined;
  #failures = 0;

  constructor(retry: Retry, signal: AbortSignal | undefined) {
    this.#retry = retry;
    this.#signal = signal;
  }

  /** Something came: the next failure is the first one again. */
  succeeded(): void {
    this.#failures = 0;
  }

  async failed(error: unknown): Promise<void> {
    this.#signal?.throwIfAborted();
    const failure = asSluiceError(error);
    this.#failures += 1;
    if (!failure.retryable || this.#failures >= this.#retry.attemptsMax) throw failure;
    await wait(delayMsOf(this.#retry, this.#failures, failure.retryAfterMs, Math.random()), this.#signal);
  }
}

/** Runs `work` until it succeeds, fails for good, or has failed too often. */
export async function retrying<Result>(
  retry: Retry,
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  const attempts = new Attempts(retry, signal);
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      await attempts.failed(error);
    }
  }
}
