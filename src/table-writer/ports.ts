/**
 * Where the table writer keeps what must outlive it: files of the data folder, or a place that several machines share.
 * All of it is asynchronous, and what has not resolved has not happened.
 */
import type { WriterState } from './writer-state.ts';

export interface WriterStateStore {
  /**
   * The state that was kept last; null before the first. Rejects with StartRefused if it is not readable as written.
   */
  load(): Promise<WriterState | null>;
  /**
   * Resolves once the state is kept in place of the one before; rejects if it is not, or if another writer has kept one
   * since.
   */
  save(state: WriterState): Promise<void>;
}

export interface DeadEvent {
  readonly seq: number;
  /** Its log's epoch; null in a line of version 1. */
  readonly epoch: string | null;
  /** ISO time. */
  readonly at: string;
  readonly reason: string;
  /** Its row, without the line feed. */
  readonly row: string;
}

/**
 * Events that ClickHouse refused for their content (I1: nothing acknowledged vanishes). One is added, or some are
 * removed, once the change before has ended.
 */
export interface DeadLetter {
  /** Resolves once the event is kept, whatever happens to the machine. */
  add(event: Omit<DeadEvent, 'at'>): Promise<void>;
  /** The events in the order in which they came, each once. Throws StartRefused for one that is not as written. */
  entries(): AsyncIterable<DeadEvent>;
  /** Takes out the events that fit: all of them, or none if it rejects. */
  remove(fits: (seq: number) => boolean): Promise<void>;
}

/** The seqs of all events in it. */
export async function seqsIn(deadLetter: Pick<DeadLetter, 'entries'>): Promise<Set<number>> {
  const seqs = new Set<number>();
  for await (const { seq } of deadLetter.entries()) seqs.add(seq);
  return seqs;
}
