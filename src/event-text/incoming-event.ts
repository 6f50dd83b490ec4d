/**
 * An event that was checked and may be taken in, however it was read: what intake asks of it, and the row that it
 * writes.
 */
import type { RowSource } from '../event-log/row-source.ts';

export interface IncomingEvent extends RowSource {
  /** Lower case with dashes. */
  readonly id: string;
  /** Whole seconds since 1970. */
  readonly occurredSeconds: number;
  /** UTF-8 bytes of its text, time of receipt included, at most. */
  readonly rawBytesMax: number;
}
