/**
 * The lasting connections of a server, as `GET /api/admin/connections` answers.
 */

export interface ConnectionList {
  readonly connections: readonly ListedConnection[];
}

/** Its fields named and ordered as in the answer. */
export interface ListedConnection {
  /** Within this run of the server. */
  readonly id: number;
  readonly kind: 'producer' | 'subscriber';
  readonly transport: 'websocket' | 'stream';
  /** Of its actor; an event stream is always `streaming`. */
  readonly phase: string;
  /** Of the credential. */
  readonly name: string;
  /** UTC. */
  readonly opened: string;
  /** A subscriber's filter as it was sent, in JSON; null without one, and for one over 500 bytes. */
  readonly filter: string | null;
  /**
   * Events of the log that a subscriber was not given yet, be they for it or not; null for others, and while it reads
   * history, where that is not known.
   */
  readonly lag_events: number | null;
  /** A subscriber that fell back from live to the log, and is not live again. */
  readonly lagging: boolean;
  /** Bytes that wait for a subscriber to take them. */
  readonly waiting_bytes: number;
}
