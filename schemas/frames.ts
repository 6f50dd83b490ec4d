/**
 * What Sluice's own WebSocket frames look like (docs/PROTOCOL.md); the others are PROTOCOL-FACTS §7–9.
 */

/** Sent on `/in` instead of a close to a producer whose auth message said `"rejects": true`: one of its messages was not taken. */
export interface RejectFrame {
  readonly type: 'reject';
  /** Which one: the first message after the auth message is 1. */
  readonly message: number;
  /** The failure's name (`src/errors.ts`), or `skipped`: too large, or refused before with the same bytes. */
  readonly failure: string;
  readonly reason: string;
}
