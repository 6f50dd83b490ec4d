/**
 * `sluice dead-letter` lists the events that ClickHouse refused for their content; `sluice dead-letter replay` tries
 * each insert again under its own token, and what is taken leaves the file and is booked as stored (I1, I8).
 */

import type { Log } from '../base/log.ts';
import { presentOf } from '../clickhouse/audit.ts';
import { RowsRefused } from '../clickhouse/store.ts';
import type { Config } from '../config/config.ts';
import { splitRow } from '../event-log/row.ts';
import { openDeadLetter } from '../table-writer/dead-letter.ts';
import { rebooked } from '../table-writer/epoch-book.ts';
import type { DeadEvent } from '../table-writer/ports.ts';
import { reasonOfTaken, TakenIds } from '../table-writer/taken-ids.ts';
import { openStopped, type StoppedConfig, type StoppedFolder } from './open-stopped.ts';

/** Lines for people; works while Sluice runs. Throws StartRefused for a damaged file. */
export async function* listDeadLetter({ dataDir }: Pick<Config, 'dataDir'>): AsyncGenerator<string> {
  let count = 0;
  for await (const { seq, at, reason, row } of openDeadLetter(dataDir).entries()) {
    count += 1;
    yield `seq ${seq}  id ${splitRow(row).id}  since ${at}  ${reason}`;
  }
  const taken = new TakenIds(dataDir).entries();
  for (const { at, row } of taken) yield `id ${splitRow(row).id}  since ${at}  ${reasonOfTaken}`;
  if (taken.length > 0) yield `${taken.length} events are kept for people: their ids are another label's.`;
  if (count > 0) yield `${count} events. \`sluice dead-letter replay\` tries to insert them again.`;
  else if (taken.length === 0) yield 'The dead letter is empty.';
}

export interface Replay {
  /** Nothing is left in the dead letter. */
  readonly ok: boolean;
  readonly text: string;
}

/** So many are taken out of the file at once. */
const batchEvents = 500;

/**
 * On a stopped data folder. Throws StartRefused where it cannot be opened, Failure where ClickHouse goes away
 * meanwhile.
 */
export async function replayDeadLetter(config: StoppedConfig, log: Log): Promise<Replay> {
  const folder = await openStopped(config, log);
  try {
    return await replayAll(folder);
  } finally {
    await folder.close();
  }
}

async function replayAll(folder: StoppedFolder): Promise<Replay> {
  const { deadLetter, stateStore } = folder;
  let state = folder.state;
  let taken = 0;
  const left: string[] = [];

  /** The books first: at a crash in between, the next start takes the events out of the file. */
  async function settle(seqs: readonly number[]): Promise<void> {
    if (seqs.length === 0) return;
    await stateStore.save({ ...state, books: seqs.reduce(rebooked, state.books), replayed: seqs });
    await deadLetter.remove((seq) => seqs.includes(seq));
    state = { ...state, books: seqs.reduce(rebooked, state.books) };
    await stateStore.save(state);
    taken += seqs.length;
  }

  let done: number[] = [];
  try {
    const waiting = await waitingTwins(folder);
    for await (const event of deadLetter.entries()) {
      const refusal = await insertAgain(folder, event, waiting);
      if (refusal === null) done.push(event.seq);
      else left.push(`seq ${event.seq} stays: ${refusal}`);
      if (done.length < batchEvents) continue;
      await settle(done);
      done = [];
    }
  } finally {
    await settle(done);
  }
  const sum = `${taken} events are in ClickHouse now, ${left.length} stay in the dead letter.`;
  return { ok: left.length === 0, text: [...left, sum].join('\n') };
}

const sentAgain = 'its producer sent it again, and it';

/**
 * By id, the seqs of events of the dead letter that were accepted anew, for their ids had left the window (I11), and
 * are not in ClickHouse yet.
 */
async function waitingTwins({ deadLetter, journal, state }: StoppedFolder): Promise<ReadonlyMap<string, number>> {
  const dead = new Set<string>();
  for await (const { row } of deadLetter.entries()) dead.add(splitRow(row).id);
  const waiting = new Map<string, number>();
  journal.scanIds((id, _occurred, seq) => {
    if (seq > state.checkpoint && dead.has(id)) waiting.set(id, seq);
  }, state.checkpoint);
  return waiting;
}

/** Those that are there already. */
const twinSql = `SELECT seq FROM events
  WHERE occurred = toDateTime64({occurred:String}, 6, 'UTC') AND id = toUUID({id:String}) LIMIT 1`;

/**
 * Null once ClickHouse has it, else why it does not. One that an earlier, killed replay has inserted is not sent again.
 */
async function insertAgain(
  { store, journal, state }: StoppedFolder,
  event: DeadEvent,
  waiting: ReadonlyMap<string, number>,
): Promise<string | null> {
  const { seq, row } = event;
  const { id, occurred } = splitRow(row);
  if (waiting.has(id)) return `${sentAgain} is to be stored as seq ${waiting.get(id)}`;
  const isThere = async () => (await presentOf(store, [seq])).length > 0;
  if (await isThere()) return null;
  const [twin] = await store.rows<{ seq: number }>(twinSql, { id, occurred });
  if (twin !== undefined) return `${sentAgain} is stored as seq ${twin.seq}`;
  const bookOf = state.books.find(({ first, last }) => seq >= first && seq <= last);
  const epoch = event.epoch ?? bookOf?.epoch ?? journal.epochOf(seq);
  try {
    await store.insertRows(Buffer.from(`${row}\n`), `${epoch}:${seq}-${seq}`);
  } catch (error) {
    if (error instanceof RowsRefused) return error.message;
    throw error;
  }
  return (await isThere()) ? null : 'ClickHouse took it and does not show it: its retention has passed.';
}
