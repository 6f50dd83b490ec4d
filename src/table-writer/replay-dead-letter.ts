/**
 * Tries again what ClickHouse refused for its content, event by event, between two inserts of the table writer (I1, I8,
 * I11). What is taken is booked as stored, and leaves the dead letter. After a kill in the middle of it the next replay
 * finds what ClickHouse has, and does not send that again.
 */
import { failPoint } from '../base/fail-point.ts';
import { RowsRefused, type Store } from '../clickhouse/store.ts';
import type { LogReader } from '../event-log/log-reader.ts';
import { type Row, splitRow } from '../event-log/row.ts';
import type { Ledger } from './ledger.ts';
import { type DeadEvent, type DeadLetter, seqsIn } from './ports.ts';
import { insertsEnded, keyOf, seqsByKey } from './stored-of.ts';

export interface ReplayParts {
  readonly store: Pick<Store, 'rows' | 'command' | 'layout' | 'insertRows'>;
  readonly deadLetter: Pick<DeadLetter, 'entries' | 'remove'>;
  readonly journal: Pick<LogReader, 'epochOf'>;
  /** Runs work on the writer's state while no other insert is under way. */
  readonly between: <Answer>(work: (ledger: Ledger) => Promise<Answer>) => Promise<Answer>;
  /** Runs work while no parked event is looked up: one with the id of an event under way would be taken for new. */
  readonly withoutLookUps: <Answer>(work: () => Promise<Answer>) => Promise<Answer>;
  /** The seq of another event with this id that was accepted since and is not in ClickHouse yet; null if none is. */
  readonly waitingTwinOf: (event: Pick<Row, 'id' | 'seq'>) => number | null;
}

export interface ReplayListener {
  /** With so many events. */
  begun(events: number): void;
  stored(event: DeadEvent): void;
  kept(event: DeadEvent, reason: string): void;
}

/** So many are tried at once, while table writer and look-ups wait, in about so many characters. */
const tryEventsMax = 32;
const tryCharactersMax = 1024 * 1024;
/** So many are taken out of the file at once, for it is written anew each time. */
const settleEventsMax = 500;

/**
 * Tries each event that is in the dead letter now, once. Rejects as the store does, as the dead letter does, or with
 * the signal's reason: all that was taken before is settled then.
 */
export async function replayDeadLetter(
  parts: ReplayParts,
  listener: ReplayListener,
  signal?: AbortSignal,
): Promise<void> {
  const { store, deadLetter, between, withoutLookUps } = parts;
  const settle = (seqs: readonly number[]) =>
    between((ledger) => ledger.settleReplayed(seqs, (fits) => deadLetter.remove(fits)));
  // What a replay before this one could not take out.
  await settle([]);
  // An ended process may have sent one of these.
  await between(() => insertsEnded(store, ''));
  const seqs = await seqsIn(deadLetter);
  listener.begun(seqs.size);
  let taken: number[] = [];
  try {
    for await (const events of groupsOf(deadLetter, seqs)) {
      signal?.throwIfAborted();
      const tried = between((ledger) => withoutLookUps(() => tryGroup(parts, ledger, events, listener, signal)));
      taken.push(...(await tried));
      if (taken.length < settleEventsMax) continue;
      await settle(taken);
      taken = [];
    }
  } finally {
    if (taken.length > 0) await settle(taken);
  }
}

async function* groupsOf(
  deadLetter: Pick<DeadLetter, 'entries'>,
  seqs: ReadonlySet<number>,
): AsyncGenerator<DeadEvent[]> {
  let group: DeadEvent[] = [];
  let characters = 0;
  for await (const event of deadLetter.entries()) {
    if (!seqs.has(event.seq)) continue;
    group.push(event);
    characters += event.row.length;
    if (group.length < tryEventsMax && characters < tryCharactersMax) continue;
    yield group;
    group = [];
    characters = 0;
  }
  if (group.length > 0) yield group;
}

interface Tried {
  readonly event: DeadEvent;
  readonly row: Row;
}

/** Gives the seqs of those that ClickHouse has now; of none behind the one at which the signal aborts. */
async function tryGroup(
  parts: ReplayParts,
  ledger: Ledger,
  events: readonly DeadEvent[],
  listener: ReplayListener,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const tried = events.map((event): Tried => ({ event, row: splitRow(event.row) }));
  const found = await seqsByKey(parts.store, tried.map(rowOf));
  const sent: Tried[] = [];
  for (const one of tried) {
    if (signal?.aborted === true) break;
    const refusal = isAmong(found, one) ? null : await insert(parts, ledger, one, found);
    if (refusal === null) sent.push(one);
    else listener.kept(one.event, refusal);
  }
  const shown = await seqsByKey(parts.store, sent.map(rowOf));
  const taken = sent.filter((one) => isAmong(shown, one));
  for (const { event } of taken) listener.stored(event);
  for (const { event } of sent.filter((one) => !isAmong(shown, one))) {
    listener.kept(event, 'ClickHouse took it and does not show it: its retention has passed.');
  }
  return taken.map(({ event }) => event.seq);
}

const rowOf = ({ row }: Tried): Row => row;

function isAmong(found: ReadonlyMap<string, readonly number[]>, { event, row }: Tried): boolean {
  return found.get(keyOf(row))?.includes(event.seq) === true;
}

const sentAgain = 'its producer sent it again, and it';

/** Null once ClickHouse has taken it, else why it stays. */
async function insert(
  { store, journal, waitingTwinOf }: ReplayParts,
  ledger: Ledger,
  { event, row }: Tried,
  found: Map<string, readonly number[]>,
): Promise<string | null> {
  const { seq } = event;
  const waiting = waitingTwinOf({ id: row.id, seq });
  if (waiting !== null) return `${sentAgain} is to be stored as seq ${waiting}`;
  const [twin] = found.get(keyOf(row)) ?? [];
  if (twin !== undefined) return `${sentAgain} is stored as seq ${twin}`;
  try {
    await store.insertRows(Buffer.from(`${event.row}\n`), tokenOf(event, ledger, journal));
  } catch (error) {
    if (error instanceof RowsRefused) return error.message;
    throw error;
  }
  failPoint('replay-taken');
  found.set(keyOf(row), [seq]);
  return null;
}

/** As the table writer has sent it. */
function tokenOf({ seq, epoch }: DeadEvent, { state }: Ledger, journal: Pick<LogReader, 'epochOf'>): string {
  const bookOf = state.books.find(({ first, last }) => seq >= first && seq <= last);
  return `${epoch ?? bookOf?.epoch ?? journal.epochOf(seq)}:${seq}-${seq}`;
}
