/**
 * The one way in, as the edge sees it: a body or a message goes in, an outcome comes out at once,
 * and whatever is answered to a producer waits for the records it relies on (I1).
 */
import type { Observable } from 'rxjs';
import type { Failure, FailureName } from '../base/errors.ts';
import type { EventIssue } from '../event-text/explain-event.ts';
import type { ParkedRow } from './parked-events.ts';

export type BatchOutcome =
  /** All events are accepted or duplicates; `durable` resolves when every record this batch relies on is durable, or rejects with a Failure. */
  | { readonly ok: true; readonly durable: Promise<void> }
  /** Nothing of the batch was stored. `requestBodyJson`, and `inputJson` of an issue, are JSON text to be put into the 422 as it is. */
  | { readonly ok: false; readonly issues: readonly EventIssue[]; readonly requestBodyJson: string };

export type MessageOutcome =
  /** Taken (or known already): the connection relies on `seq` being durable before its next pong. */
  | { readonly kind: 'accepted' | 'duplicate'; readonly seq: number }
  /** Cannot be told from a repeat without ClickHouse: the connection relies on the parked record of this number. */
  | { readonly kind: 'parked'; readonly number: number }
  /** Over 1.5 MB, or refused before with the same bytes within ten minutes: counted and logged; the connection goes on. */
  | { readonly kind: 'skipped'; readonly reason: string }
  /** Bad: the connection is closed with this failure's code and the reason (or told by a reject frame). */
  | { readonly kind: 'refused'; readonly failure: FailureName; readonly reason: string };

export interface Intake {
  /** The body of POST /api/events, as bytes; `isJson` false where the content type makes the body count as one string. Throws Failure (journalFull, journalFailed, shuttingDown, storeRefused). */
  acceptBatch(body: Buffer, isJson: boolean): BatchOutcome;
  /** The same of a body that takes long to judge: others have their turns meanwhile. What is good is appended in one step, as ever. */
  acceptInSlices(body: Buffer, isJson: boolean): Promise<BatchOutcome>;
  /** One message of /api/events/in. The bytes are only valid during the call. Throws Failure as acceptBatch. */
  acceptMessage(bytes: Buffer, isBinary: boolean): MessageOutcome;
  /** The newest seq that is durable under the set durability. */
  readonly durableSeq: number;
  /** Why nothing more is taken, though the log itself would: what it has taken waits for a slow disk; null if nothing is in the way. */
  readonly overflow: Failure | null;
  /** Commits (and in fsync mode syncs) at once if `seq` or the parked record is not durable yet; throws Failure if that fails. For the ping handler. */
  ensureDurable(seq: number, parked?: number): void;
  /**
   * A group could not be written. Every producer that relies on a seq above `above`, or a parked record above `parkedAbove`, must be closed with the failure: its
   * records are gone, and their seqs will be given to other events (I1, I4). Never emits inside `ensureDurable`, whose caller
   * sees the throw; may emit inside `acceptMessage` and `acceptBatch`, before anything is appended.
   */
  readonly lost$: Observable<Loss>;
  /** Gives the oldest parked events their seq, but for repeats, in the one synchronous step that begins at the call. */
  readonly unpark: Unpark;
  /** Resolves when all that was taken is written, handed to live delivery and answered: for the stop. */
  settled(): Promise<void>;
}

/** Resolves when what became of `rows` is durable; `isStored` says of which the store has a copy. Rejects with the Failure of the write: then all wait as before. */
export type Unpark = (rows: readonly ParkedRow[], isStored: (row: ParkedRow) => boolean) => Promise<void>;

export interface Loss {
  readonly above: number;
  readonly parkedAbove: number;
  readonly failure: Failure;
}
