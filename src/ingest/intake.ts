/**
 * The one way in, as the edge sees it: a body or a message goes in, an outcome comes out at once,
 * and whatever is answered to a producer waits for the records it relies on (I1).
 */
import type { Observable } from 'rxjs';
import type { ForcedLabel } from '../../schemas/forced-label.ts';
import type { Failure, FailureName } from '../base/errors.ts';
import type { EventIssue } from '../event-text/explain-event.ts';
import type { Loss } from './losses.ts';
import type { ParkedRow } from './parked-events.ts';

export type BatchOutcome =
  /**
   * All events are accepted or duplicates; `durable` resolves when every record this batch relies on is durable, or
   * rejects with a Failure.
   */
  | { readonly ok: true; readonly durable: Promise<void> }
  /**
   * Nothing of the batch was stored. `requestBodyJson`, and `inputJson` of an issue, are JSON text to be put into the
   * 422 as it is.
   */
  | { readonly ok: false; readonly issues: readonly EventIssue[]; readonly requestBodyJson: string };

export type MessageOutcome =
  /** Taken (or known already): the connection's next pong relies on this ticket. */
  | { readonly kind: 'accepted' | 'duplicate'; readonly ticket: number }
  /** Cannot be told from a repeat without ClickHouse: the next pong relies on this ticket of a parked event. */
  | { readonly kind: 'parked'; readonly ticket: number }
  /**
   * Over 1.5 MB, or refused before with the same bytes within ten minutes: counted and logged; the connection goes on.
   */
  | { readonly kind: 'skipped'; readonly reason: string }
  /** Bad: the connection is closed with this failure's code and the reason (or told by a reject frame). */
  | { readonly kind: 'refused'; readonly failure: FailureName; readonly reason: string };

/** Asked when it is known how many events a good batch has, repeats too; a Failure refuses all of them. */
export type Admit = (events: number) => Failure | null;

export interface Intake {
  /**
   * The body of POST /api/events, as bytes; `isJson` false where the content type makes the body count as one string.
   * `label` is set on each of its events; `isFromPrefect` says that a Prefect server has handed them on. Throws Failure
   * (journalFull, journalFailed, shuttingDown, storeRefused, idTaken), and what `admit` says.
   */
  acceptBatch(
    body: Buffer,
    isJson: boolean,
    admit?: Admit | null,
    label?: ForcedLabel | null,
    isFromPrefect?: boolean,
  ): BatchOutcome;
  /**
   * The same of a body that takes long to judge: others have their turns meanwhile. What is good is appended in one
   * step, as ever.
   */
  acceptInSlices(
    body: Buffer,
    isJson: boolean,
    admit?: Admit | null,
    label?: ForcedLabel | null,
    isFromPrefect?: boolean,
  ): Promise<BatchOutcome>;
  /**
   * One message of /api/events/in. The bytes are only valid during the call. Throws Failure as acceptBatch, but for
   * idTaken, which is an outcome.
   */
  acceptMessage(bytes: Buffer, isBinary: boolean, label?: ForcedLabel | null): MessageOutcome;
  /**
   * Why nothing more is taken, though the log itself would: what it has taken waits for a slow disk; null if nothing is
   * in the way.
   */
  readonly overflow: Failure | null;
  /**
   * Has both tickets kept when it returns, as durability promises; throws Failure if that fails. For the ping handler.
   */
  ensureDurable(ticket: number, parked?: number): void;
  /**
   * Resolves once both are kept, and the event was handed to live delivery; rejects with the Failure that took them.
   */
  whenDurable(ticket: number, parked: number): Promise<void>;
  /**
   * A group could not be written. Every producer that relies on a lost ticket must be closed with the failure: the
   * ticket will stand for another event (I1, I4). Never emits inside `ensureDurable`, whose caller sees the throw; may
   * emit inside `acceptMessage` and `acceptBatch`, before anything is appended.
   */
  readonly lost$: Observable<Loss>;
  /** Gives the oldest parked events their seq, but for repeats, in the one synchronous step that begins at the call. */
  readonly unpark: Unpark;
  /** Resolves when all that was taken is written, handed to live delivery and answered: for the stop. */
  settled(): Promise<void>;
}

/** What the store says of a parked event: it has no copy, has one, or has another label's event with that id. */
export type StoreAnswer = 'new' | 'repeat' | 'taken';

/**
 * Resolves when what became of `rows` is durable. Rejects with the Failure of the write: then all wait as before.
 */
export type Unpark = (rows: readonly ParkedRow[], answerOf: (row: ParkedRow) => StoreAnswer) => Promise<void>;
