/**
 * What Sluice's own WebSocket frames look like (docs/PROTOCOL.md); the others are in docs/prefect-facts.md.
 */

/** Sent on `/in` instead of a close to a producer whose auth message said `"rejects": true`: one of its messages was not taken. */
export interface RejectFrame {
  readonly type: 'reject';
  /** Which one: the first message after the auth message is 1. */
  readonly message: number;
  /** The failure's name (`src/base/errors.ts`), or `skipped`: too large, or refused before with the same bytes. */
  readonly failure: string;
  readonly reason: string;
}

/** To a subscriber that wants positions, before anything that follows from it: names the feed that positions belong to. */
export interface TokenFrame {
  readonly type: 'token';
  /** To be sent back, as it is, with the last position. */
  readonly token: string;
  readonly epoch: string;
  /** What is older comes from history, in the order of `occurred`. */
  readonly checkpoint: number;
  /** Where the feed begins. */
  readonly position: number | string;
}

/** To a subscriber that wants positions: from here on it is live. */
export interface CaughtUpFrame {
  readonly type: 'caught_up';
  readonly position: number;
}

/** To a subscriber that wants positions: what follows may not be all that came after its position. */
export interface GapFrame {
  readonly type: 'gap';
  /** Another epoch; a position that was never given; a position whose next events have expired. */
  readonly reason: 'epoch' | 'head' | 'retention';
  /** Of what follows. */
  readonly epoch: string;
  /** From this seq on nothing is missing, up to the head. */
  readonly oldest: number;
  readonly head: number;
}

/** To a subscriber that wants positions, before the server closes the connection to stop: when to come back. */
export interface RetryFrame {
  readonly type: 'retry';
  readonly after_ms: number;
}
