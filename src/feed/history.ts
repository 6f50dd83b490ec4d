/**
 * Reads history from ClickHouse for a feed: keyset pages by (occurred, id) as of a checkpoint, or, for a reader whose
 * position was trimmed from the log, by seq. Each query is closed before its page is handed on (I5: a slow reader holds no query).
 */
import type { Filter } from '../../schemas/filter.ts';
import type { Store } from '../clickhouse/store.ts';
import { filterSql } from '../filter/sql.ts';

export interface HistoryRow {
  readonly seq: number;
  readonly id: string;
  readonly raw: string;
}

export interface HistoryPage {
  readonly rows: readonly HistoryRow[];
  /** Where the next page begins; null after the last one. */
  readonly next: HistoryPosition | null;
}

export interface SeqPage {
  readonly rows: readonly HistoryRow[];
  readonly complete: boolean;
}

/** After this row, in ClickHouse's order of (occurred, id). */
export interface HistoryPosition {
  readonly occurred: string;
  readonly id: string;
}

export interface HistoryReader {
  /** The first page for `from: null`. Rejects with a Failure. */
  byOccurred(
    filter: Filter,
    checkpoint: number,
    from: HistoryPosition | null,
    signal: AbortSignal,
  ): Promise<HistoryPage>;
  /** Matching rows with seq in (after, upTo], in seq order; `complete` if there are no more. Rejects with a Failure. */
  bySeq(filter: Filter, after: number, upTo: number, signal: AbortSignal): Promise<SeqPage>;
}

/** A page ends after `rows` rows, or behind the row that makes it larger than `charactersMax`. */
export interface HistoryPageMax {
  readonly rows: number;
  readonly characters: number;
}

export function createHistoryReader(store: Pick<Store, 'lines'>, pageMax: HistoryPageMax): HistoryReader {
  const pageRows = pageMax.rows;

  /** `isCut` if there may be more rows than these. Leaving the loop ends the query. */
  async function read(
    sql: string,
    params: Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<{ rows: (HistoryRow & HistoryPosition)[]; isCut: boolean }> {
    const rows: (HistoryRow & HistoryPosition)[] = [];
    let characters = 0;
    for await (const lines of store.lines(sql, params, { signal })) {
      for (const line of lines) {
        const [seq = '', id = '', occurred = '', raw = ''] = line.split('\t');
        rows.push({ seq: Number(seq), id, occurred, raw });
        characters += raw.length;
        if (characters >= pageMax.characters) return { rows, isCut: true };
      }
    }
    return { rows, isCut: rows.length >= pageRows };
  }

  return {
    async byOccurred(filter, checkpoint, from, signal) {
      const { where, params } = filterSql(filter);
      const after =
        from === null
          ? ''
          : `AND occurred >= {after_occurred:DateTime64(6,'UTC')} AND (occurred, id) > ({after_occurred:DateTime64(6,'UTC')}, {after_id:UUID})`;
      const { rows, isCut } = await read(
        `SELECT seq, id, occurred, raw FROM events WHERE ${where} AND seq <= {checkpoint:UInt64} ${after} ORDER BY occurred, id LIMIT {page_rows:UInt32}`,
        {
          ...params,
          checkpoint,
          page_rows: pageRows,
          ...(from && { after_occurred: from.occurred, after_id: from.id }),
        },
        signal,
      );
      const last = rows.at(-1);
      return {
        rows,
        next: last === undefined || !isCut ? null : { occurred: last.occurred, id: last.id },
      };
    },

    async bySeq(filter, after, upTo, signal) {
      const { where, params } = filterSql(filter);
      const { rows, isCut } = await read(
        `SELECT seq, id, occurred, raw FROM events WHERE ${where} AND seq > {after:UInt64} AND seq <= {up_to:UInt64} ORDER BY seq LIMIT {page_rows:UInt32}`,
        { ...params, after, up_to: upTo, page_rows: pageRows },
        signal,
      );
      return { rows, complete: !isCut };
    },
  };
}
