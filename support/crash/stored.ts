/**
 * ClickHouse itself as the witness: the data folder's engine is started without Sluice, before the first start to teach
 * the table to refuse poisoned events, and after the last stop to read what is really there.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventBody } from '../../schemas/event.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { openStore, type Store } from '../../src/clickhouse/store.ts';
import { startTestEngine, testStoreOptions } from '../engine.ts';
import { keyOf, poisonWord } from './producers.ts';

export interface StoredRow {
  readonly seq: number;
  readonly key: number;
  /** Microseconds since 1970. */
  readonly occurred: number;
}

export interface Witness {
  readonly count: number;
  readonly distinctSeqs: number;
  readonly distinctIds: number;
  /** In seq order. */
  readonly rows: readonly StoredRow[];
  /** The first seq of each epoch, rising: between two epochs no seq was given. */
  readonly epochs: readonly number[];
  /** What ClickHouse refused, by seq: a crash may have written one twice. */
  readonly deadLetters: ReadonlyMap<number, number>;
}

const queryMs = 120_000;

/** No event that Sluice accepts is refused by ClickHouse (I12): the bisect needs a table that refuses some. */
export function refusePoison(dataDir: string): Promise<void> {
  return changeEvents(dataDir, `ADD CONSTRAINT no_poison CHECK position(raw, '${poisonWord}') = 0`);
}

/** Alters the table of a data folder on which no Sluice runs. */
export function changeEvents(dataDir: string, change: string): Promise<void> {
  return withStore(dataDir, (store) => store.command(`ALTER TABLE events ${change}`));
}

export function readWitness(dataDir: string): Promise<Witness> {
  return withStore(dataDir, (store) => witnessOf(store, dataDir));
}

/** What a store has in a database, its own if none is named, and the dead letter of a data folder. */
export async function witnessOf(store: Store, dataDir: string, database = ''): Promise<Witness> {
  const from = database === '' ? '' : `${database}.`;
  const [books] = await store.rows<{ count: number; seqs: number; ids: number }>(
    `SELECT count() AS count, uniqExact(seq) AS seqs, uniqExact(id) AS ids FROM ${from}events`,
    {},
  );
  const epochs = await store.rows<{ first: number }>(
    `SELECT DISTINCT first_seq AS first FROM ${from}journals ORDER BY first`,
    {},
  );
  const rows: StoredRow[] = [];
  const sql = `SELECT seq, toUnixTimestamp64Micro(occurred), extract(raw, '"key":([0-9]+)') FROM ${from}events`;
  for await (const lines of store.lines(sql, {}, { deadlineMs: queryMs })) {
    for (const line of lines) {
      const [seq, occurred, key] = line.split('\t').map(Number);
      rows.push({ seq: seq ?? Number.NaN, occurred: occurred ?? Number.NaN, key: key ?? Number.NaN });
    }
  }
  // Here, for ClickHouse would take the texts along, which of an outage's events are more than a query's memory.
  rows.sort((one, other) => one.seq - other.seq);
  return {
    count: books?.count ?? 0,
    distinctSeqs: books?.seqs ?? 0,
    distinctIds: books?.ids ?? 0,
    rows,
    epochs: epochs.map(({ first }) => first),
    deadLetters: readDeadLetters(dataDir),
  };
}

/** All events of the table, in seq order, as they are stored. */
export function readStoredEvents(dataDir: string): Promise<StoredEvent[]> {
  return withStore(dataDir, async (store) => {
    const events: StoredEvent[] = [];
    for await (const lines of store.lines('SELECT seq, raw FROM events', {}, { deadlineMs: queryMs })) {
      for (const line of lines) {
        const cut = line.indexOf('\t');
        const raw = line.slice(cut + 1);
        events.push({ seq: Number(line.slice(0, cut)), raw, search: '', body: JSON.parse(raw) as EventBody }); // stored
      }
    }
    return events.sort((one, other) => one.seq - other.seq);
  });
}

function readDeadLetters(dataDir: string): Map<number, number> {
  const path = join(dataDir, 'dead-letter', 'events.ndjson');
  if (!existsSync(path)) return new Map();
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return new Map(
    lines.map((line) => {
      const { seq, row } = JSON.parse(line) as { seq: number; row: string }; // dead-letter.ts writes these
      return [seq, keyOf(row)] as const;
    }),
  );
}

async function withStore<Value>(dataDir: string, use: (store: Store) => Promise<Value>): Promise<Value> {
  const store = openStore({ ...testStoreOptions, queryMs, source: startTestEngine(dataDir) });
  try {
    await store.whenReady(AbortSignal.timeout(90_000));
    return await use(store);
  } finally {
    await store.close();
  }
}
