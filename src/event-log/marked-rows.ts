/**
 * A log whose rows are read with what is kept beside them.
 */

/** The row stands in [at, end), line feed and all; to be looked at during the call. `tag` as in TaggedRow. */
export type VisitMarked = (
  rows: Buffer,
  at: number,
  end: number,
  seq: number,
  tag: number,
  isFromPrefect: boolean,
) => void;

export interface MarkedRows {
  /**
   * Visits events with seq in [from, upTo], in about `bytesMax` bytes of the log, but one at least. Gives the seq up to
   * which all was visited. Throws Failure as `LogReader.read`.
   */
  readMarked(from: number, bytesMax: number, upTo: number, visit: VisitMarked): number;
}
