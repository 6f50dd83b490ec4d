/**
 * What ClickHouse already has of a range that may have been sent before. A batch sent again under its token adds
 * nothing, but for two cases: a table that was replaced by a copy knows no tokens, and where the retention of a type
 * has changed its rows go into another partition, with tokens of its own. So what a start finds under way is looked for
 * first (I8), and only what is missing is sent, where that is proven: no server of the cluster works on such an insert,
 * and each has all that any has taken.
 */

import { Failure } from '../base/errors.ts';
import { decidingRead, replicasCaughtUp, runningInsertsSql } from '../clickhouse/deciding-reads.ts';
import { boundKeys, type EventKey, hasKey } from '../clickhouse/event-key.ts';
import type { Store } from '../clickhouse/store.ts';
import type { SeqRange } from './writer-state.ts';

/** The part of the store that decides by what it has. */
export type DecidingStore = Pick<Store, 'rows' | 'command' | 'layout'>;

const settings = { settings: decidingRead };

/** The seqs of a range that have a row. Rejects as the store does. */
export async function storedOf(store: Pick<Store, 'rows'>, range: SeqRange): Promise<ReadonlySet<number>> {
  const { first, last } = range;
  const where = 'FROM events WHERE seq BETWEEN {first:UInt64} AND {last:UInt64}';
  const [found] = await store.rows<{ rows: number }>(`SELECT count() AS rows ${where}`, { first, last }, settings);
  if (found === undefined || found.rows === 0) return new Set();
  const rows = await store.rows<{ seq: number }>(`SELECT seq ${where}`, { first, last }, settings);
  return new Set(rows.map(({ seq }) => seq));
}

/**
 * Rejects with Failure storeUnavailable while ClickHouse works on an insert whose token begins so, '' for any of ours;
 * or while a server of the cluster does not say.
 */
export async function insertsEnded(store: Pick<Store, 'rows' | 'layout'>, begin: string): Promise<void> {
  const [found] = await store.rows<{ running: number }>(runningInsertsSql(store.layout), { begin }, settings);
  if ((found?.running ?? 0) > 0) {
    throw new Failure('storeUnavailable', 'ClickHouse still works on an insert from before this start.');
  }
}

/** As `storedOf`, once the epoch's inserts have ended; rejects with Failure storeUnavailable before. */
export async function settledOf(store: DecidingStore, epoch: string, range: SeqRange): Promise<ReadonlySet<number>> {
  await insertsEnded(store, `${epoch}:`);
  await replicasCaughtUp(store);
  return storedOf(store, range);
}

export function keyOf({ occurred, id }: EventKey): string {
  return `${occurred} ${id}`;
}

/** The seqs of all rows that have one of these keys, by key. */
export async function seqsByKey(
  store: DecidingStore,
  rows: readonly EventKey[],
): Promise<Map<string, readonly number[]>> {
  const seqs = new Map<string, readonly number[]>();
  if (rows.length === 0) return seqs;
  await replicasCaughtUp(store);
  const found = await store.rows<EventKey & { seq: number }>(byKeySql, boundKeys(rows), settings);
  for (const { seq, ...key } of found) seqs.set(keyOf(key), [...(seqs.get(keyOf(key)) ?? []), seq]);
  return seqs;
}

const byKeySql = `SELECT seq, toString(occurred) AS occurred, toString(id) AS id FROM events WHERE ${hasKey}`;
