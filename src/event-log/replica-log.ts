/**
 * The log as a replica of a shared one is written: its events come in the order of the shared log, and with them, in
 * the same commit, how far it has got.
 */
import type { LocalLogWriter } from './log-writer.ts';

/** A place in the shared log: all up to it was applied. */
export interface AppliedMark {
  /** Of the newest message that was applied. */
  readonly stream: number;
  /** The newest time of receipt that was given, in ms since 1970; 0 before the first. */
  readonly receivedMs: number;
  /** By which what comes next is applied (apply-rules.ts); 1 where it is absent. */
  readonly rules?: number;
}

export interface ReplicaLog extends LocalLogWriter {
  /** As of the newest commit. A start finds nothing behind the newest mark that was written. */
  readonly applied: AppliedMark;
  /** All that was appended so far belongs to the messages up to this place. Throws as `append`. */
  noteApplied(mark: AppliedMark): void;
}
