/**
 * The part of the journal that intake uses: tests put a log in memory behind it.
 */
import type { Failure } from '../base/errors.ts';
import type { ReceiptTexts, RowSource } from '../journal/row-source.ts';

export interface EventLog {
  /** Newest committed seq. */
  readonly head: number;
  /** Newest appended seq; appended - head records wait for the commit. */
  readonly appended: number;
  /** Set when the log is dead until a restart. */
  readonly failed: Failure | null;
  /** Gives the seq. Throws Failure journalFull or journalFailed, and then has appended nothing. */
  append(row: RowSource, receipt: ReceiptTexts): number;
  /** The row that was appended or parked last, without its line feed; to be looked at before the next one. */
  lastRow(): Buffer;
  /** Newest committed, and newest appended, number of a parked event; numbers rise, with or without holes. */
  readonly parkedHead: number;
  readonly parkedAppended: number;
  /** Whether anything waits for the commit, be it an event or not. */
  readonly hasPending: boolean;
  /** As append, of an event that gets no seq yet; gives its number. */
  park(row: RowSource, receipt: ReceiptTexts): number;
  /** As append, of a parked event, and notes that it is settled; never refused for want of room. */
  unpark(number: number, row: RowSource, receipt: ReceiptTexts): number;
  /** Notes that a parked event is a repeat. Throws as append. */
  settleParked(number: number): void;
  /** Takes back appended records from the first event above `seq` or parked one above `parked` on, none of which is committed. */
  rollBack(seq: number, parked: number): void;
  /** Throws Failure, after taking back what was not written. */
  commit(): void;
  /** fdatasync of all that is committed; throws or rejects with Failure, and then the log has failed. */
  sync(): void;
  syncLater(): Promise<void>;
}
