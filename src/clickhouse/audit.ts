/**
 * What ClickHouse has of a range of seqs, counted exactly (I8): for `sluice verify`. Groups spill to disk, so that any
 * number of events fits into a query's memory.
 */
import type { Store } from './store.ts';

/** Seqs from `first` to `last`. */
export interface AuditRange {
  readonly first: number;
  readonly last: number;
}

export interface AuditCounts {
  readonly rows: number;
  readonly seqs: number;
  /**
   * Distinct ids, each with its time: an id that comes again with another time after it has left the id window is
   * another event (I11).
   */
  readonly ids: number;
}

/** What no two rows may have alike. */
const distinctColumns = { seq: 'seq', id: 'id, occurred' } as const;
export type DistinctColumn = keyof typeof distinctColumns;

type Reader = Pick<Store, 'rows'>;

const options = {
  deadlineMs: 600_000,
  waitMs: 60_000,
  settings: { max_bytes_before_external_group_by: 256 * 1024 * 1024 },
} as const;
const where = 'seq BETWEEN {first:UInt64} AND {last:UInt64}';
/** Seqs that are looked at one by one where the counts differ. */
const partSeqs = 100_000;

export async function countRange(store: Reader, range: AuditRange): Promise<AuditCounts> {
  const distinct = async (column: DistinctColumn) => {
    const groups = `SELECT count() AS rows FROM events WHERE ${where} GROUP BY ${distinctColumns[column]}`;
    const sql = `SELECT sum(rows) AS rows, count() AS groups FROM (${groups})`;
    const [found] = await store.rows<{ rows: number; groups: number }>(sql, { ...range }, options);
    return found ?? { rows: 0, groups: 0 };
  };
  const bySeq = await distinct('seq');
  const byId = await distinct('id');
  return { rows: bySeq.rows, seqs: bySeq.groups, ids: byId.groups };
}

/** The oldest kept seq of the range that was received no more than so many days ago; null if there is none. */
export async function firstReceivedWithin(store: Reader, range: AuditRange, days: number): Promise<number | null> {
  const sql = `SELECT min(seq) AS first, count() AS rows FROM events
    WHERE ${where} AND received >= now64(6, 'UTC') - toIntervalDay({days:UInt32}) + toIntervalHour(1)`;
  const [found] = await store.rows<{ first: number; rows: number }>(sql, { ...range, days }, options);
  return found === undefined || found.rows === 0 ? null : found.first;
}

/** Whether a time as in a row lies within the last so many days, by ClickHouse's clock. */
export async function isWithinDays(store: Reader, time: string, days: number): Promise<boolean> {
  const sql =
    `SELECT toDateTime64({time:String}, 6, 'UTC') >= now64(6, 'UTC') - ` +
    `toIntervalDay({days:UInt32}) + toIntervalHour(1) AS yes`;
  const [found] = await store.rows<{ yes: number | boolean }>(sql, { time, days }, options);
  return found !== undefined && Boolean(found.yes);
}

/** Seqs of the range that no row has, but for `known` ones; at most `limit`. */
export async function missingSeqs(
  store: Reader,
  range: AuditRange,
  known: ReadonlySet<number>,
  limit: number,
): Promise<number[]> {
  const sql = `SELECT intDiv(seq - {first:UInt64}, ${partSeqs}) AS part, uniqExact(seq) AS seqs
    FROM events WHERE ${where} GROUP BY part`;
  const parts = await store.rows<{ part: number; seqs: number }>(sql, { ...range }, options);
  const seqsOf = new Map(parts.map(({ part, seqs }) => [part, seqs]));
  const missing: number[] = [];
  for (let part = 0, first = range.first; first <= range.last && missing.length < limit; part += 1, first += partSeqs) {
    const last = Math.min(range.last, first + partSeqs - 1);
    if (seqsOf.get(part) === last - first + 1) continue;
    const rows = await store.rows<{ seq: number }>(`SELECT seq FROM events WHERE ${where}`, { first, last }, options);
    const present = new Set(rows.map(({ seq }) => seq));
    for (let seq = first; seq <= last && missing.length < limit; seq += 1) {
      if (!present.has(seq) && !known.has(seq)) missing.push(seq);
    }
  }
  return missing;
}

/** Values that several rows have; at most `limit`. */
export async function repeated(
  store: Reader,
  range: AuditRange,
  column: DistinctColumn,
  limit: number,
): Promise<string[]> {
  const sql =
    `SELECT toString(${column}) AS value FROM events WHERE ${where} GROUP ` +
    `BY ${distinctColumns[column]} HAVING count() > 1 LIMIT ${limit}`;
  return (await store.rows<{ value: string }>(sql, { ...range }, options)).map(({ value }) => value);
}

/** Which of these seqs have a row. */
export async function presentOf(store: Reader, seqs: readonly number[]): Promise<number[]> {
  const found: number[] = [];
  for (let at = 0; at < seqs.length; at += 1000) {
    const sql = 'SELECT DISTINCT seq FROM events WHERE seq IN ({seqs:Array(UInt64)})';
    const rows = await store.rows<{ seq: number }>(sql, { seqs: seqs.slice(at, at + 1000) }, options);
    for (const { seq } of rows) found.push(seq);
  }
  return found;
}

/** Rows from `from` on that lie in none of the ranges. */
export async function countOutside(store: Reader, from: number, ranges: readonly AuditRange[]): Promise<number> {
  const firsts = ranges.map(({ first }) => first);
  const lasts = ranges.map(({ last }) => last);
  const sql = `SELECT count() AS rows FROM events WHERE seq >= {from:UInt64}
    AND NOT arrayExists((first, last) -> seq BETWEEN first AND last, {firsts:Array(UInt64)}, {lasts:Array(UInt64)})`;
  const [found] = await store.rows<{ rows: number }>(sql, { from, firsts, lasts }, options);
  return found?.rows ?? 0;
}

/** What each aggregate projection of `events` says, group by group; written as it stands in migration 005. */
const micros = 'toUnixTimestamp64Micro(occurred)';
const place = `bitShiftLeft(toInt128(${micros}), 64) + toInt128(seq)`;
const rollups = {
  hour_event: `SELECT intDiv(${micros} + 62135596800000000, 3600000000) AS step, event,
      count() AS n, min(${micros}) AS least, max(${micros}) AS most FROM events GROUP BY step, event`,
  six_hours_resource: `SELECT intDiv(${micros} + 62135596800000000, 21600000000) AS step, resource_id,
      count() AS n, min(${micros}) AS least, max(${place}) AS most, argMax(resource_name, ${place}) AS name
    FROM events GROUP BY step, resource_id`,
} as const;

export interface RollupComparison {
  readonly rollup: string;
  readonly groups: number;
  readonly isSame: boolean;
}

/**
 * Each projection beside the same groups counted from the rows: their number, their events, and a hash of all that they
 * say.
 */
export async function compareRollups(store: Reader): Promise<RollupComparison[]> {
  const compared: RollupComparison[] = [];
  for (const [rollup, sql] of Object.entries(rollups)) {
    const digest = async (useProjections: 0 | 1) => {
      const settings = { ...options.settings, optimize_use_projections: useProjections };
      const [found] = await store.rows<{ groups: number; rows: number; hash: string }>(
        `SELECT count() AS groups, sum(n) AS rows, toString(sum(cityHash64(*))) AS hash FROM (${sql})`,
        {},
        { ...options, settings },
      );
      return found ?? { groups: 0, rows: 0, hash: '' };
    };
    const [kept, counted] = [await digest(1), await digest(0)];
    const isSame = kept.groups === counted.groups && kept.rows === counted.rows && kept.hash === counted.hash;
    compared.push({ rollup, groups: counted.groups, isSame });
  }
  return compared;
}
