/**
 * What the carrier needs of the world around it. Answers come later, as calls of the carrier with the turn that was
 * given; what never comes is waited for in vain, and asked again.
 */
import type { RowMark } from './block.ts';

/** Rows of a spool, back to back, from the one that was asked for on. */
export interface SpooledRows {
  readonly rows: Buffer;
  /** Where each row ends. */
  readonly ends: readonly number[];
  readonly marks: readonly RowMark[];
  /** The newest seq among them. */
  readonly last: number;
}

export interface Spool {
  readonly epoch: string;
  /** The oldest row that it holds; head + 1 if there is none. */
  readonly oldest: number;
  /** The newest row that may be sent. */
  readonly head: number;
  /** One row at least, even if it alone is larger. */
  read(from: number, rowsMax: number, bytesMax: number): SpooledRows;
}

/** As the store is asked for it. */
export interface SpooledRow {
  /** Of the spool. */
  readonly seq: number;
  readonly id: string;
  /** As in the row. */
  readonly occurred: string;
  /** As in TaggedRow. */
  readonly tag: number;
}

/** What the store says of a row whose id it has: it is the same event, or another label's. */
export type StoreWord = 'repeat' | 'taken';

export interface BlockStream {
  /** Sends a block that is to be stored only if this gateway's newest message is `after`; 0 for none. */
  send(block: Buffer, after: number, turn: number): void;
  /** Asks, of whoever leads the stream, for the number of this gateway's newest message. */
  askNewest(turn: number): void;
}

export interface StoreLookUp {
  /**
   * Asks what the store says of these events up to the seq `upTo`, once it has all up to there. What it has above may
   * not be applied here yet: then the row is sent, and settled as a repeat.
   */
  lookUp(rows: readonly SpooledRow[], upTo: number, turn: number): void;
}

/** Calls later, unless it is called off by what it gives. */
export type Wait = (ms: number, call: () => void) => () => void;

export interface CarrierOptions {
  readonly rowsMax: number;
  readonly bytesMax: number;
  /** So many rows wait for the store at most. */
  readonly parkedMax: number;
  /** How long nothing is heard of a block, or of a question, before it is asked again. */
  readonly silentMs: number;
  /** How long after a refusal that another try would meet too. */
  readonly againMs: number;
}
