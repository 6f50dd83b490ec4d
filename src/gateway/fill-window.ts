/**
 * The id window of a replica that does not begin with the shared log, from ClickHouse and the dead letter (I11): the
 * ids that every other gateway has, no more and no fewer, for each of them must judge alike. Seqs have no holes, so
 * what is missing shows.
 */
import { unknownTag } from '../base/label-tag.ts';
import { decidingRead, replicasCaughtUp } from '../clickhouse/deciding-reads.ts';
import type { Store } from '../clickhouse/store.ts';
import { splitRow } from '../event-log/row.ts';
import { wholeSeconds } from '../filter/whole-seconds.ts';
import { aheadMinuteOf, ForgottenIds, type ForgottenState } from '../ids/forgotten-ids.ts';
import { IdWindow } from '../ids/id-window.ts';
import type { WindowBounds } from '../shared-log/replica-window.ts';
import type { DeadIds } from './shared-dead-letter.ts';

export interface FilledWindow {
  readonly window: IdWindow;
  /** Of all that ever left it. */
  readonly forgotten: ForgottenState;
}

export interface FillParts extends WindowBounds {
  readonly store: Pick<Store, 'rows' | 'command' | 'layout'>;
  readonly dead: Pick<DeadIds, 'among'>;
  /** Of the epoch. */
  readonly firstSeq: number;
  /** As the window is behind this seq. ClickHouse or the dead letter has all up to there. */
  readonly upTo: number;
  readonly signal: AbortSignal;
}

const stepSeqs = 50_000;
const minutesMax = 100_000;
const seqsPerSecond = 2 ** 20;
/** More than the clocks of NATS and ClickHouse are ever apart. */
const clocksApartSeconds = 3_600;

interface StoredId {
  readonly id: string;
  readonly seq: number;
  readonly received: number;
  readonly occurred: number;
}

/** Rejects where an id is missing, and as the store does. */
export async function fillWindow(parts: FillParts): Promise<FilledWindow> {
  const { store, idsMax, upTo, signal } = parts;
  await replicasCaughtUp(store, signal);
  const forgotten = new ForgottenIds();
  const window = new IdWindow({ idsMax, checkpoint: () => Number.POSITIVE_INFINITY, forgotten });
  // Read first: what is replayed meanwhile is in ClickHouse then.
  const everDead = await deadOf(parts);
  const dead = everDead.filter(({ seq }) => seq >= parts.firstSeq);
  const { after, isExact } = await boundsOf(parts, dead);
  let next = after + 1;
  let firstReceived: number | null = null;
  for (let from = after; from < upTo; from += stepSeqs) {
    const to = Math.min(from + stepSeqs, upTo);
    const stored = await read<StoredId>(parts, idsSql, { from, to });
    const seqs = new Set(stored.map(({ seq }) => seq));
    const others = dead.filter(({ seq }) => seq > from && seq <= to && !seqs.has(seq));
    for (const { id, seq, received, occurred } of [...stored, ...others].sort(bySeq)) {
      if (seq !== next && (isExact || firstReceived !== null)) throw missing(next, seq - 1);
      firstReceived ??= received;
      window.add(id, seq, received, occurred, unknownTag);
      next = seq + 1;
    }
  }
  if (next <= upTo && firstReceived !== null) throw missing(next, upTo);
  const left = window.oldestSeq === null ? upTo : window.oldestSeq - 1;
  // What was received no later than the oldest one here may have left, and what came in an epoch before.
  const [before] = await read<{ received: number }>(parts, leftSql, { left });
  const deadLeft = everDead.filter(({ seq }) => seq <= left);
  const stored = Math.max(firstReceived ?? 0, before?.received ?? 0);
  const leftAt = deadLeft.reduce((latest, { received }) => Math.max(latest, received), stored);
  if (leftAt > 0) forgotten.forget(leftAt, 0);
  for (const { occurred } of deadLeft) forgotten.forget(leftAt, aheadMinuteOf(occurred, leftAt));
  const ahead = await read<{ minute: number }>(parts, aheadSql, { left, leftAt, minutesMax });
  for (const { minute } of ahead) forgotten.forget(leftAt, minute);
  if (ahead.length === minutesMax) forgotten.merge({ upTo: null, ranges: [[ahead.at(-1)?.minute ?? 0, 2 ** 31]] });
  return { window, forgotten: forgotten.state() };
}

/**
 * `after`: up to it all ids have left. `isExact`: the very next seq has not. Where retention has taken what left last,
 * the first one that is there is taken for the oldest.
 */
async function boundsOf(parts: FillParts, dead: readonly StoredId[]): Promise<{ after: number; isExact: boolean }> {
  const { firstSeq, upTo, idsMax, idsMs } = parts;
  const [found] = await read<{ newest: number; now: number }>(parts, newestSql, { firstSeq, upTo });
  const newest = Math.max(found?.newest ?? 0, dead.at(-1)?.received ?? 0);
  // What is that old by the clock leaves with the next event, and retention may have taken a part of it.
  const oldest = Math.max(newest, (found?.now ?? 0) - clocksApartSeconds) - Math.floor(idsMs / 1000);
  const [aged] = await read<{ newest: number }>(parts, agedSql, { firstSeq, upTo, oldest });
  const byCount = Math.max(upTo - idsMax, firstSeq - 1);
  const byAge = Math.max(aged?.newest ?? 0, dead.findLast(({ received }) => received < oldest)?.seq ?? 0);
  const isYoung = (firstSeq - 1) / seqsPerSecond >= oldest;
  return {
    after: Math.min(Math.max(byCount, byAge), upTo),
    isExact: byAge > 0 || isYoung || byCount >= firstSeq,
  };
}

/** Of this epoch and of those before it, by seq. */
async function deadOf({ dead, upTo }: FillParts): Promise<StoredId[]> {
  const found = await dead.among((seq) => seq <= upTo);
  const rows = [...found.values()].map((event) => splitRow(event.row));
  return rows
    .map(({ id, seq, received, occurred }) => ({
      ...{ id, seq },
      ...{ received: wholeSeconds(received), occurred: wholeSeconds(occurred) },
    }))
    .sort(bySeq);
}

function bySeq(one: StoredId, other: StoredId): number {
  return one.seq - other.seq;
}

const newestSql = `SELECT toUnixTimestamp(max(received)) AS newest, toUnixTimestamp(now()) AS now FROM events
  WHERE seq BETWEEN {firstSeq:UInt64} AND {upTo:UInt64}`;
const agedSql = `SELECT max(seq) AS newest FROM events
  WHERE seq BETWEEN {firstSeq:UInt64} AND {upTo:UInt64} AND received < toDateTime64({oldest:Int64}, 6, 'UTC')`;
const idsSql = `SELECT toString(id) AS id, seq, toUnixTimestamp(received) AS received,
    intDiv(toUnixTimestamp64Micro(occurred), 1000000) AS occurred
  FROM events WHERE seq > {from:UInt64} AND seq <= {to:UInt64} ORDER BY seq`;
const leftSql = 'SELECT toUnixTimestamp(max(received)) AS received FROM events WHERE seq <= {left:UInt64}';
const aheadSql = `SELECT DISTINCT intDiv(toUnixTimestamp64Micro(occurred), 60000000) AS minute FROM events
  WHERE seq <= {left:UInt64} AND occurred >= toDateTime64({leftAt:Int64}, 6, 'UTC')
  ORDER BY minute LIMIT {minutesMax:UInt32}`;

function read<Row>({ store, signal }: FillParts, sql: string, params: Record<string, number>): Promise<Row[]> {
  return store.rows<Row>(sql, params, { signal, settings: decidingRead });
}

function missing(first: number, last: number): Error {
  const what = first === last ? `Event ${first}` : `Event ${first}, or more up to ${last},`;
  return new Error(
    `${what} of the shared log is neither in ClickHouse nor in the dead letter: without it this gateway cannot know ` +
      'which ids the others know.',
  );
}
