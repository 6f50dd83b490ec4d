/**
 * The log as intake writes to it: a file of this process, or a log that many machines share. What is appended gets a
 * ticket at once, and is kept once the horizon has passed its ticket (I1).
 */
import type { Observable } from 'rxjs';
import type { Failure } from '../base/errors.ts';
import type { ReceiptTexts, RowSource } from './row-source.ts';

/**
 * How far the log has come with the tickets it gave. A live view: its numbers rise, or fall back to what a failure
 * left.
 */
export interface Horizon {
  /** The newest ticket of an event below it; 0, or what an earlier process gave, if there is none. */
  readonly ticket: number;
  /** The newest ticket of a parked event below it. */
  readonly parked: number;
}

/**
 * Tickets rise from append to append, those of parked events by themselves. A ticket above `committed` that was rolled
 * back, or lost in a failed commit, is given again.
 */
export interface LogWriter {
  /**
   * Set when the log takes nothing more until a restart. What the horizon has not passed then is settled by no one
   * here.
   */
  readonly failed: Failure | null;
  /** The newest ticket of an event, and of a parked one. */
  readonly appended: number;
  readonly parkedAppended: number;
  /** Handed on, not taken back any more unless the log fails: the horizon follows. */
  readonly committed: Horizon;
  /** Kept, as the durability promises it: never falls back. */
  readonly horizon: Horizon;
  /**
   * Emits when the horizon has moved later than in the call of `commit` or `commitNow`, after which the caller looks
   * itself. Errors with the Failure if the log fails outside of a call while something committed waits for the horizon.
   */
  readonly horizon$: Observable<Horizon>;
  /** Whether the next commit has anything to hand on, be it an event or not. */
  readonly hasPending: boolean;
  /**
   * Gives the ticket. `tag` as in TaggedRow, kept beside the row, as is whether a Prefect server handed the event on; 0
   * and false if they are left out. Throws Failure journalFull or journalFailed, and then has appended nothing.
   */
  append(row: RowSource, receipt: ReceiptTexts, tag?: number, isFromPrefect?: boolean): number;
  /**
   * As `append`, of an event that may be a repeat: it gets no seq, and waits until it is settled, over restarts too.
   */
  park(row: RowSource, receipt: ReceiptTexts, tag?: number, isFromPrefect?: boolean): number;
  /** As `append`, of a parked event, which is settled by that. Never refused for want of room. */
  unpark(parked: number, row: RowSource, receipt: ReceiptTexts, tag?: number, isFromPrefect?: boolean): number;
  /** Notes that a parked event is a repeat. Throws as `append`. */
  settleParked(parked: number): void;
  /**
   * Takes back all from the first event above `ticket`, or parked one above `parked`, on; nothing of it is committed.
   */
  rollBack(ticket: number, parked: number): void;
  /** Hands on all that is appended, as one group. Throws Failure, after taking back what was not handed on. */
  commit(): void;
}

/** What a log can do that is at hand: a ping's pong cannot wait for a later turn. */
export interface CommitsAtOnce {
  /**
   * Commits if one of these waits for it; when it returns, the horizon has passed all that is committed. Throws
   * Failure.
   */
  commitNow(ticket: number, parked: number): void;
}

/** What a log can do that nobody else appends to: it knows at the append what it will store. */
export interface NumbersAtAppend {
  /** The row that was appended or parked last, as it will be stored, without its line feed; good until the next one. */
  lastRow(): Buffer;
}

/** The log of one machine: an event's ticket is its seq. */
export type LocalLogWriter = LogWriter & CommitsAtOnce & NumbersAtAppend;

/** What may still be answered once a commit or the log itself has failed: of a failed log, only what was kept. */
export function leftOf(log: LogWriter): Horizon {
  return log.failed === null ? log.committed : log.horizon;
}
