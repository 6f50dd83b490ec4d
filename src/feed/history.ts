/**
 * Reads history from ClickHouse for a feed: keyset pages by (occurred, id) of a range of seqs, so that each row is read once
 * however late it came. Each query is closed before its page is handed on (I5: a slow reader holds no query).
 */
import type { Filter } from '../../schemas/filter.ts';
import type { Store } from '../clickhouse/store.ts';
import { filterSql } from '../filter/sql.ts';
import type { Place } from './position.ts';

/** In ClickHouse's order of (occurred, id). */
export interface HistoryRow extends Place {
  readonly seq: number;
  readonly raw: string;
}

export interface HistoryPage {
  readonly rows: readonly HistoryRow[];
  /** Where the next page begins; null after the last one. */
  readonly next: Place | null;
}

/** Rows with seq in (after, checkpoint]. */
export interface SeqRange {
  readonly after: number;
  readonly checkpoint: number;
}

/** What has surely not expired, and will not for a while. */
export interface Retained {
  /** The first such event; null if there is none. */
  readonly seq: number | null;
  /** Received since this time, as ClickHouse prints it. */
  readonly since: string;
}

export interface HistoryReader {
  /** The rows behind `from`; the first page for null. Rejects with a Failure. */
  byOccurred(filter: Filter, range: SeqRange, from: Place | null, signal: AbortSignal): Promise<HistoryPage>;
  /** Asked at most once in a minute, whoever wants to know. Rejects with a Failure. */
  retained(): Promise<Retained>;
}

/** A page ends after `rows` rows, or behind the row that makes it larger than `charactersMax`. */
export interface HistoryPageMax {
  readonly rows: number;
  readonly characters: number;
}

export interface HistoryOptions {
  readonly pageMax: HistoryPageMax;
  readonly retentionDays: number;
  readonly elapsedMs: () => number;
}

/** So long an answer about retention holds: it leaves out what expires within twice that time. */
const retainedMs = 60_000;

export function createHistoryReader(store: Pick<Store, 'lines'>, options: HistoryOptions): HistoryReader {
  const { pageMax, retentionDays, elapsedMs } = options;
  let retained: { readonly at: number; readonly answer: Promise<Retained> } | null = null;

  /** `isCut` if there may be more rows than these. Leaving the loop ends the query. */
  async function read(
    sql: string,
    params: Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<{ rows: HistoryRow[]; isCut: boolean }> {
    const rows: HistoryRow[] = [];
    let characters = 0;
    for await (const lines of store.lines(sql, params, { signal })) {
      for (const line of lines) {
        const [seq = '', id = '', occurred = '', raw = ''] = line.split('\t');
        rows.push({ seq: Number(seq), id, occurred, raw });
        characters += raw.length;
        if (characters >= pageMax.characters) return { rows, isCut: true };
      }
    }
    return { rows, isCut: rows.length >= pageMax.rows };
  }

  async function readRetained(): Promise<Retained> {
    const since = `now64(6, 'UTC') - toIntervalDay({days:UInt32}) + toIntervalSecond({margin:UInt32})`;
    const sql = `SELECT count(), min(seq), ${since} AS since FROM events WHERE received >= since`;
    for await (const lines of store.lines(sql, { days: retentionDays, margin: (2 * retainedMs) / 1000 })) {
      const [count, seq, from = ''] = lines[0]?.split('\t') ?? [];
      return { seq: count === '0' ? null : Number(seq), since: from };
    }
    throw new Error('ClickHouse gave no row of an aggregate');
  }

  return {
    async byOccurred(filter, { after, checkpoint }, from, signal) {
      const { where, params } = filterSql(filter);
      const place = `({from_occurred:DateTime64(6,'UTC')}, {from_id:UUID})`;
      const behind = `AND occurred >= {from_occurred:DateTime64(6,'UTC')} AND (occurred, id) > ${place}`;
      const { rows, isCut } = await read(
        `SELECT seq, id, occurred, raw FROM events
         WHERE ${where} AND seq <= {checkpoint:UInt64} ${after === 0 ? '' : 'AND seq > {after:UInt64}'} ${from ? behind : ''}
         ORDER BY occurred, id LIMIT {page_rows:UInt32}`,
        {
          ...params,
          checkpoint,
          ...(after === 0 ? {} : { after }),
          page_rows: pageMax.rows,
          ...(from && { from_occurred: from.occurred, from_id: from.id }),
        },
        signal,
      );
      const last = rows.at(-1);
      return { rows, next: last === undefined || !isCut ? null : { occurred: last.occurred, id: last.id } };
    },

    async retained() {
      const now = elapsedMs();
      if (retained === null || now - retained.at >= retainedMs) {
        const asked = { at: now, answer: readRetained() };
        retained = asked;
        asked.answer.catch(() => {
          if (retained === asked) retained = null;
        });
      }
      return retained.answer;
    },
  };
}
