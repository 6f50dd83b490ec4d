/**
 * What the connection machines need done: the edge provides it, the machines decide when.
 */

/**
 * How a connection ends: a close frame with code and reason, or null: broken off without one, as Prefect breaks off.
 */
export type Farewell = {
  readonly code: number;
  readonly reason: string;
  /** The failure's name, for those who asked to be told. */
  readonly failure?: string;
} | null;

/** One object for all connections of a server. */
export interface ConnectionSettings {
  /** A socket's time to authenticate, and how one that does not is sent away. */
  readonly authenticateMs: number;
  readonly lateToAuthenticate: Farewell;
  /** A subscriber's time to send its filter, and how one that does not is sent away. */
  readonly filterMs: number;
  readonly lateToFilter: Farewell;
}

export type ProducerPhase = 'authenticating' | 'receiving' | 'draining' | 'closed';

export interface ProducerPort {
  /** The phase is entered: messages are treated by it from now on. */
  entered(phase: ProducerPhase): void;
  /**
   * Makes durable what was accepted from this producer, then reports `producer.settled`, whether that worked or not.
   */
  settle(): void;
  /** Ends the connection; does nothing if it is gone. */
  end(farewell: Farewell): void;
}

export type SubscriberPhase = 'authenticating' | 'awaitingFilter' | 'streaming' | 'closed';

export interface SubscriberPort {
  /** The phase is entered: messages are treated by it from now on. */
  entered(phase: SubscriberPhase): void;
  /** Opens the feed of the filter received; it reports `feed.caughtUp`, `feed.lagging` and `feed.failed`. */
  openFeed(): void;
  stopFeed(): void;
  /** Ends the connection; does nothing if it is gone. */
  end(farewell: Farewell): void;
}
