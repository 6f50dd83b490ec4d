/**
 * What the table writer goes on from: its state, made to agree with the dead letter after a crash between the two, with
 * books for a file that was written before there were any.
 */
import { isKept, type LogReader } from '../event-log/log-reader.ts';
import { openBook } from './epoch-book.ts';
import { type DeadLetter, seqsIn, type WriterStateStore } from './ports.ts';
import { isInDoubt } from './reconcile.ts';
import type { WriterState } from './writer-state.ts';

/** Rejects with StartRefused for a damaged state or dead letter. */
export async function openWriterState(
  store: Pick<WriterStateStore, 'load'>,
  journal: Pick<LogReader, 'epoch' | 'firstSeq' | 'checkpoint' | 'oldest' | 'read'>,
  deadLetter: DeadLetter,
): Promise<WriterState> {
  const read = await store.load();
  const { replayed, ...state } = read ?? firstState(journal);
  const isDoubtful = isInDoubt(read, journal);
  // What the journal has above the checkpoint is sent again, and then either taken or put into the dead letter again.
  // Where the checkpoint itself is in doubt, that is done later (reconcile.ts).
  await deadLetter.remove(
    (seq) => (!isDoubtful && seq > state.checkpoint && isKept(journal, seq)) || replayed.includes(seq),
  );
  return withBooks({ ...state, replayed: [] }, journal, deadLetter);
}

export function firstState({ epoch, checkpoint }: Pick<LogReader, 'epoch' | 'checkpoint'>): WriterState {
  return { version: 2, epoch, checkpoint, range: null, everInserted: false, books: [], replayed: [] };
}

/** Of a log of which nothing was ever written, where there is no state yet. Rejects as the store does. */
export async function loadOrBegin(
  store: Pick<WriterStateStore, 'load' | 'save'>,
  { epoch, firstSeq }: Pick<LogReader, 'epoch' | 'firstSeq'>,
): Promise<WriterState> {
  const kept = await store.load();
  if (kept !== null) return kept;
  const first = firstState({ epoch, checkpoint: firstSeq - 1 });
  await store.save(first);
  return first;
}

/** Version 1 kept no books: all up to its checkpoint is stored, but for what is in the dead letter. */
async function withBooks(
  state: WriterState,
  journal: Pick<LogReader, 'epoch' | 'firstSeq'>,
  deadLetter: DeadLetter,
): Promise<WriterState> {
  const { epoch, firstSeq: first } = journal;
  const last = state.checkpoint;
  if (last < first || state.books.some((book) => book.epoch === epoch)) return state;
  const dead = await seqsIn(deadLetter);
  const deadLettered = [...dead].filter((seq) => seq >= first && seq <= last).length;
  const book = { ...openBook(epoch, first, ''), last, stored: last - first + 1 - deadLettered, deadLettered };
  return { ...state, books: [...state.books, book] };
}
