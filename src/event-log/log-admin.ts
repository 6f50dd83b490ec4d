/**
 * The log as those see it who look after it: what is in ClickHouse, what may go, and what waits.
 */
import type { Failure } from '../base/errors.ts';
import type { LogReader } from './log-reader.ts';
import type { TaggedRow } from './row.ts';

export interface LogAdmin extends LogReader {
  /** Who writes it: the UUID of the data folder. */
  readonly owner: string;
  /** Events above the checkpoint, of all epochs. */
  readonly pending: number;
  /** What it takes of its disk. */
  readonly bytes: number;
  /** Why no event would be kept now; null if one would. */
  check(): Failure | null;
  /** All up to `seq` is in ClickHouse. The caller keeps that for the next start. */
  advanceCheckpoint(seq: number): void;
  /** Lets go what is in ClickHouse, but for the newest that readers may still want. Does not wait until it is gone. */
  trimLater(): void;
  /**
   * The parked events that were not settled at the start, each as a row with its ticket for a seq; to be taken once.
   */
  readonly parked: { takeRows(): TaggedRow[] };
  /** Parked events from this ticket on are still wanted; Infinity for none. */
  holdParked(from: number): void;
}
