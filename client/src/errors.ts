/**
 * What the client throws. A failure has the name that the server gave it, or one of the client's own; whether it may be
 * tried again is said once, here.
 */
import type { SentEvent } from '../../schemas/wire.ts';

export interface FailureFacts {
  /** A name of the server's table of errors, or `network`, `silent`, `closed`, `unknown`. */
  readonly failure: string;
  /** HTTP status, where the server answered. */
  readonly status?: number | undefined;
  /** WebSocket close code. */
  readonly code?: number | undefined;
  /** Whether the same may succeed later. */
  readonly retryable: boolean;
  /** How long the server asks to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

export class SluiceError extends Error implements FailureFacts {
  override readonly name: string = 'SluiceError';
  readonly failure: string;
  readonly status: number | undefined;
  readonly code: number | undefined;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(sentence: string, facts: FailureFacts, options?: ErrorOptions) {
    super(sentence, options);
    this.failure = facts.failure;
    this.status = facts.status;
    this.code = facts.code;
    this.retryable = facts.retryable;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** One event was not taken, or it is not known whether it was (`unknown`). The others are not concerned. */
export class RejectedError extends SluiceError {
  override readonly name = 'RejectedError';
  /** As it was sent. */
  readonly event: SentEvent;

  constructor(sentence: string, failure: string, event: SentEvent) {
    super(sentence, { failure, retryable: false });
    this.event = event;
  }
}

/** Some of what came next may be missing. Whoever accepts that goes on from `checkpoint`. */
export class GapError extends SluiceError {
  override readonly name = 'GapError';
  /** `epoch`, `head`, `retention`, or `unknown` where the server cannot tell. */
  readonly reason: GapReason;
  readonly checkpoint: Checkpoint;

  constructor(reason: GapReason, checkpoint: Checkpoint) {
    super(`Events may be missing here: ${reasonTexts[reason]}`, { failure: 'gap', retryable: false });
    this.reason = reason;
    this.checkpoint = checkpoint;
  }
}

export type GapReason = 'epoch' | 'head' | 'retention' | 'unknown';

/** Where a subscription stands: a position and its token, as `P@T`. Opaque to its holder. */
export type Checkpoint = string;

const reasonTexts: Readonly<Record<GapReason, string>> = {
  epoch: 'the server has another journal than when the checkpoint was made',
  head: 'the server never gave the position of the checkpoint',
  retention: 'some of what came next is no longer kept',
  unknown: 'the connection broke, and this server has no positions',
};

/** What is known of a close without an `error` frame: only these mean that it may be tried again. */
const retryableCodes: readonly number[] = [1006, 1001, 1011, 1012, 1013];

export function isRetryableClose(code: number): boolean {
  return retryableCodes.includes(code);
}

export function isRetryableStatus(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** Of a thrown value that is no SluiceError: the network failed, as `fetch` says it. */
export function asSluiceError(error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  return new SluiceError(
    `The server cannot be reached: ${reasonOf(error)}`,
    { failure: 'network', retryable: true },
    { cause: error },
  );
}

/** Node's `fetch` says only that it failed. Address and reason are in its cause; of several tries, in the first. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  const first = cause instanceof AggregateError ? cause.errors[0] : cause;
  return first instanceof Error && first.message !== '' ? first.message : error.message;
}
