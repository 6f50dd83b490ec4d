/**
 * The books of an epoch (I1, I4), kept with the checkpoint over all restarts: `last − first + 1 = stored +
 * deadLettered`, and with what the journal holds above the checkpoint `head − firstSeq + 1 = stored + deadLettered +
 * pending`.
 */
export interface EpochBook {
  readonly epoch: string;
  /**
   * Seq of the epoch's first event; where this folder has adopted a database since, of the first event put into that.
   */
  readonly first: number;
  /** The newest seq that is booked; first - 1 if there is none yet. */
  readonly last: number;
  /** When `first` was received, as in its row; empty if that is not known. */
  readonly since: string;
  readonly stored: number;
  readonly deadLettered: number;
}

export function openBook(epoch: string, first: number, since: string): EpochBook {
  return { epoch, first, last: first - 1, since, stored: 0, deadLettered: 0 };
}

/** The books with the next events booked: all up to `last`, as stored or in the dead letter. */
export function booked(
  books: readonly EpochBook[],
  entry: { readonly epoch: string; readonly first: number; readonly last: number; readonly since: string },
  outcome: 'stored' | 'deadLettered',
): readonly EpochBook[] {
  const { epoch, first, last, since } = entry;
  const open = books.find((book) => book.epoch === epoch) ?? openBook(epoch, first, since);
  if (first !== open.last + 1) throw new Error(`seq ${first} is booked after ${open.last}`);
  const next = { ...open, last, [outcome]: open[outcome] + last - first + 1 };
  return [...books.filter((book) => book.epoch !== epoch), next];
}

/** The books with one event moved from the dead letter to the stored ones (`sluice dead-letter replay`). */
export function rebooked(books: readonly EpochBook[], seq: number): readonly EpochBook[] {
  return books.map((book) =>
    seq >= book.first && seq <= book.last
      ? { ...book, stored: book.stored + 1, deadLettered: book.deadLettered - 1 }
      : book,
  );
}

/** Events of the journal's present epoch that are not booked yet. */
export function pendingOf(journal: {
  readonly head: number;
  readonly firstSeq: number;
  readonly checkpoint: number;
}): number {
  return journal.head - Math.max(journal.checkpoint, journal.firstSeq - 1);
}

export function isEpochBook(value: unknown): value is EpochBook {
  if (typeof value !== 'object' || value === null) return false;
  const { epoch, first, last, since, stored, deadLettered } = value as Partial<EpochBook>; // each field is checked next
  const numbers = [first, last, stored, deadLettered];
  return typeof epoch === 'string' && typeof since === 'string' && numbers.every((seq) => Number.isSafeInteger(seq));
}
