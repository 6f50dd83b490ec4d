/**
 * The table writer's state: the checkpoint, the range under way (I1: after a crash exactly that range is sent again
 * under its token, so that ClickHouse drops what it has already), and the books.
 */
import { type EpochBook, isEpochBook } from './epoch-book.ts';

export interface SeqRange {
  readonly first: number;
  readonly last: number;
}

export interface WriterState {
  readonly version: 2;
  /** The journal's epoch when this was written. */
  readonly epoch: string;
  readonly checkpoint: number;
  /** Announced before it was first sent; null between batches. */
  readonly range: SeqRange | null;
  /** True once anything of this epoch was sent: then the database must know it. */
  readonly everInserted: boolean;
  /**
   * One for each epoch of which anything is in the present database, the newest last; none yet in a file of version 1.
   */
  readonly books: readonly EpochBook[];
  /** Events that were replayed from the dead letter and booked, and may still stand in that file. */
  readonly replayed: readonly number[];
  /** Where refused ranges end that are not all settled, each within the one before; absent while there are none. */
  readonly refusedEnds?: readonly number[];
  /**
   * Events up to this seq may be in ClickHouse though they are above the checkpoint: looked for before they are sent.
   * Absent where none are.
   */
  readonly maybeStoredUpTo?: number;
}

/** The newest seq that was ever sent to ClickHouse. */
export function sentUpTo({ checkpoint, range }: Pick<WriterState, 'checkpoint' | 'range'>): number {
  return Math.max(checkpoint, range?.last ?? 0);
}

/** What a text says that was once kept; null if it is no state. */
export function parseWriterState(text: string): WriterState | null {
  try {
    const state: unknown = JSON.parse(text);
    return isWriterState(state) ? state : isVersion1(state) ? { ...state, version: 2, books: [], replayed: [] } : null;
  } catch {
    return null;
  }
}

type Version1 = Pick<WriterState, 'epoch' | 'checkpoint' | 'range' | 'everInserted'>;

function isWriterState(value: unknown): value is WriterState {
  if (!hasFields(value, 2)) return false;
  const { books, replayed, refusedEnds = [], maybeStoredUpTo = 0 } = value as Partial<WriterState>; // checked next
  return Array.isArray(books) && books.every(isEpochBook) && [replayed, refusedEnds, [maybeStoredUpTo]].every(areSeqs);
}

function areSeqs(value: unknown): boolean {
  return Array.isArray(value) && value.every(Number.isSafeInteger);
}

function isVersion1(value: unknown): value is Version1 {
  return hasFields(value, 1);
}

type Unchecked = Partial<Omit<WriterState, 'version'>> & { readonly version?: unknown };

function hasFields(value: unknown, expected: number): value is Version1 {
  if (typeof value !== 'object' || value === null) return false;
  const { version, epoch, checkpoint, range } = value as Unchecked; // checked next
  const whole = (seq: unknown): boolean => Number.isSafeInteger(seq);
  return (
    version === expected &&
    typeof epoch === 'string' &&
    whole(checkpoint) &&
    (range === null || (whole(range?.first) && whole(range?.last)))
  );
}
