/**
 * The log as a feed reads it: events in seq order from any position that trim has not passed.
 */
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { eventsOf, type Journal } from '../journal/journal.ts';

export interface LogReader {
  readonly epoch: string;
  /** The newest seq that is in ClickHouse. */
  readonly checkpoint: number;
  /** The oldest seq that can be read. */
  readonly oldest: number;
  /**
   * Events with seq in [from, upTo], about `bytesMax` bytes of them. All up to `last` are among them: it is the last one's
   * seq, or `upTo` if there is none, as between two epochs.
   */
  read(from: number, bytesMax: number, upTo: number): { readonly events: Iterable<StoredEvent>; readonly last: number };
}

export function logReader(journal: Journal): LogReader {
  return {
    epoch: journal.epoch,
    get checkpoint() {
      return journal.checkpoint;
    },
    get oldest() {
      return journal.oldest;
    },
    read(from, bytesMax, upTo) {
      const chunk = journal.read(from, bytesMax, upTo);
      return { events: eventsOf(chunk), last: chunk.count === 0 ? upTo : chunk.last };
    },
  };
}
