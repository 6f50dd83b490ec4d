/**
 * The log as the forwarder reads it: events that did not come from a Prefect server, each as its row, where it lies.
 */

/** The row stands in [at, end), without its line feed; to be looked at during the call. */
export type VisitOwn = (rows: Buffer, at: number, end: number) => void;

export interface OwnEvents {
  /** The oldest seq that can be read; head + 1 if there is none. */
  readonly oldest: number;
  /** The newest seq that can be read. */
  readonly head: number;
  /** What the log takes of its disk, and may take. */
  readonly bytes: number;
  readonly bytesMax: number;
  /**
   * Visits own events with seq in [from, upTo], in about `bytesMax` bytes of the log. Gives the seq up to which all was
   * visited, `from` at least. Throws Failure as `LogReader.read`.
   */
  readOwn(from: number, bytesMax: number, upTo: number, visit: VisitOwn): number;
  /** From now on `visit` is called for own events as they are committed, durable or not; null for no one. */
  watchOwn(visit: VisitOwn | null): void;
  /** Events from this seq on are still wanted, whether they are in ClickHouse or not; Infinity for none. */
  holdFrom(seq: number): void;
}
