/**
 * What a gateway says of itself to whoever watches it.
 */
import type { SyncPromise } from './sync-promise.ts';

/** How a gateway stands. */
export interface GatewayStatus {
  readonly id: string;
  readonly stream: string;
  /** The newest message that is applied here. */
  readonly applied: number;
  /** Events in the spool that the shared log may not have yet. */
  readonly waiting: number;
  /** Of these the old ones that wait to be looked up in ClickHouse. */
  readonly parked: number;
  /** Events that were promised and kept apart, for another gateway had brought in their ids under another label. */
  readonly idsTaken: number;
  /** Whether the shared log was joined since the start. */
  readonly isJoined: boolean;
  /** The gateway that writes into ClickHouse, and how often that has changed; empty and 0 while nobody does. */
  readonly writer: string;
  readonly term: number;
  /** Why nothing gets into the shared log from here though NATS is there; null if nothing is in the way. */
  readonly logFault: string | null;
  /** Why this one does not write though it might; null if nothing is in the way. */
  readonly writerFault: string | null;
  readonly syncPromise: SyncPromise;
  readonly promise: string;
  /** For how long nobody has said that the tokens here are those of all gateways. */
  readonly tokensAgeSeconds: number;
  /** Of all gateways; null before it was seen. */
  readonly deadLetter: { readonly events: number; readonly bytes: number } | null;
}
