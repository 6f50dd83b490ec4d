/**
 * What a start does when what ClickHouse has is in doubt: after a power cut in `process` mode, or `sluice recover`, the
 * writer's state, the id files and the journal's end may be older than what was inserted, or gone. Events go in in seq
 * order and whole batches at a time, so the newest seq that ClickHouse has of the ended epochs says all (I1, I8); and
 * the times of what it has beyond the id files say which ids may be repeats (I11). Until it has said so, every event
 * with an unknown id is parked.
 */

import type { Log } from '../base/log.ts';
import { decidingRead, replicasCaughtUp } from '../clickhouse/deciding-reads.ts';
import { isKept, type LogReader } from '../event-log/log-reader.ts';
import type { ForgottenState, MinuteRange } from '../ids/forgotten-ids.ts';
import type { EpochBook } from './epoch-book.ts';
import { type DeadLetter, seqsIn } from './ports.ts';
import { type DecidingStore, insertsEnded, storedOf } from './stored-of.ts';
import type { WriterState } from './writer-state.ts';

/** The most rows that a setting allows a batch: one that is there in part begins no further back. */
export const batchRowsMax = 1_000_000;

const deciding = { settings: decidingRead };

export interface ReconcileParts {
  readonly journal: Pick<LogReader, 'epoch' | 'firstSeq' | 'oldest' | 'read' | 'epochOf'>;
  readonly store: DecidingStore;
  readonly deadLetter: Pick<DeadLetter, 'entries' | 'remove'>;
  readonly ids: {
    /** All ids up to this seq are in the window, or known to be forgotten. */
    readonly certainUpTo: number;
    learn(forgotten: ForgottenState): void;
  };
  readonly log: Log;
}

/** What the table writer wrote down last; null for nothing. */
type Written = Pick<WriterState, 'epoch'> | null;

/**
 * Whether the table writer has not written down the present epoch. It does so at its first insert, or when what is
 * there was found out (`reconcile`).
 */
export function isInDoubt(state: Written, { epoch }: Pick<LogReader, 'epoch'>): boolean {
  return state?.epoch !== epoch;
}

/** Gives the state to go on from. Rejects as the store does, and then has only forgotten ids. */
export async function reconcile(parts: ReconcileParts, state: WriterState): Promise<WriterState> {
  const { journal, deadLetter, ids, log } = parts;
  // An external ClickHouse may still work on what an ended process sent. Only then is it known what it has.
  await insertsEnded(parts.store, '');
  await replicasCaughtUp(parts.store);
  ids.learn(await readForgotten(parts, ids.certainUpTo));
  const { rows, newest } = await readInserted(parts, state.checkpoint);
  const upTo = Math.max(state.checkpoint, newest);
  const dead = await seqsIn(deadLetter);
  const hole = await firstHole(parts, state.checkpoint, upTo, dead);
  const checkpoint = hole === null ? upTo : hole - 1;
  const buried = [...dead].filter((seq) => seq > state.checkpoint && seq <= checkpoint).length;
  // With a hole the rows behind it are counted where they are looked for, and books that cannot be right begin anew.
  const books = hole === null ? advanced(state, checkpoint, rows, buried) : [];
  const next = nextKept(journal, checkpoint);
  // What the journal has above is sent again, and then either taken or put into the dead letter again.
  await deadLetter.remove((seq) => seq > checkpoint && seq < journal.firstSeq && isKept(journal, seq));
  log.warn(
    { from: state.checkpoint, to: checkpoint, rows, buried },
    'ClickHouse has said what it has of an ended epoch',
  );
  return {
    ...state,
    epoch: journal.epoch,
    checkpoint,
    range: hole === null && state.range !== null && state.range.first > checkpoint ? state.range : null,
    ...(hole !== null && { maybeStoredUpTo: upTo }),
    everInserted: false,
    books: next === null ? books : books.filter((book) => book.epoch !== next.epoch || book.last === next.seq - 1),
  };
}

/** Events of ended epochs above a seq that ClickHouse has. */
async function readInserted(
  { store, journal }: ReconcileParts,
  above: number,
): Promise<{ rows: number; newest: number }> {
  const sql =
    'SELECT count() AS rows, max(seq) AS newest FROM events WHERE seq > {above:UInt64} AND seq < {firstSeq:UInt64}';
  const params = { above, firstSeq: journal.firstSeq };
  const [found] = await store.rows<{ rows: number; newest: number }>(sql, params, deciding);
  return found ?? { rows: 0, newest: 0 };
}

/**
 * The first event of the newest batch that ClickHouse does not have though it has later ones, and the journal does: a
 * batch of several classes of retention is several parts, of which the engine may have died between two. Null if there
 * is none.
 */
async function firstHole(
  { store, journal }: ReconcileParts,
  above: number,
  newest: number,
  dead: ReadonlySet<number>,
): Promise<number | null> {
  const first = Math.max(above + 1, journal.oldest, newest - batchRowsMax + 1);
  if (first > newest) return null;
  const stored = await storedOf(store, { first, last: newest });
  for (let seq = first; seq <= newest; seq += 1) {
    if (!stored.has(seq) && !dead.has(seq) && isKept(journal, seq)) return seq;
  }
  return null;
}

/** When they were received, and in which minutes those occurred that lay ahead then. */
async function readForgotten({ store, journal }: ReconcileParts, above: number): Promise<ForgottenState> {
  const params = { above, firstSeq: journal.firstSeq };
  const [found] = await store.rows<{ rows: number; received: number }>(
    `SELECT count() AS rows, intDiv(toUnixTimestamp64Micro(max(received)), 1000000) AS received
    FROM events WHERE seq > {above:UInt64} AND seq < {firstSeq:UInt64}`,
    params,
    deciding,
  );
  if (found === undefined || found.rows === 0) return { upTo: null, ranges: [] };
  const minutes = await store.rows<{ minute: number }>(
    `SELECT DISTINCT intDiv(toUnixTimestamp64Micro(occurred), 60000000) AS minute FROM events
    WHERE seq > {above:UInt64} AND seq < {firstSeq:UInt64} AND occurred > received ORDER BY minute`,
    params,
    deciding,
  );
  return { upTo: found.received, ranges: minutes.map(({ minute }): MinuteRange => [minute, minute]) };
}

/** Without the old ones where they cannot be right: they begin anew then, as after `sluice adopt`. */
function advanced(
  { books, checkpoint: from }: WriterState,
  to: number,
  rows: number,
  buried: number,
): readonly EpochBook[] {
  if (to === from) return books;
  const open = books.at(-1);
  if (open?.last !== from || rows + buried !== to - from) return [];
  const book = { ...open, last: to, stored: open.stored + rows, deadLettered: open.deadLettered + buried };
  return [...books.slice(0, -1), book];
}

/** The next event of an ended epoch that is to be inserted. */
function nextKept(
  journal: ReconcileParts['journal'],
  checkpoint: number,
): { readonly seq: number; readonly epoch: string } | null {
  const from = Math.max(checkpoint + 1, journal.oldest);
  if (from >= journal.firstSeq) return null;
  const { count, first } = journal.read(from, 1, journal.firstSeq - 1);
  return count === 0 ? null : { seq: first, epoch: journal.epochOf(first) };
}
