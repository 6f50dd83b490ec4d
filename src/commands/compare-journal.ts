/**
 * Compares what the journal still holds below the checkpoint with the rows of ClickHouse, text by text (I1, I2): for
 * `sluice verify`.
 */
import type { Store } from '../clickhouse/store.ts';
import type { LogReader } from '../event-log/log-reader.ts';
import { linesOf, seqOf, splitRow } from '../event-log/row.ts';

export interface Comparison {
  /** Rows that were compared. */
  readonly compared: number;
  /** One sentence for each row that differs, up to a bound; `differing` counts them all. */
  readonly sentences: readonly string[];
  readonly differing: number;
}

const chunkBytesMax = 8 * 1024 * 1024;
const sentencesMax = 10;
const deadlineMs = 600_000;

/** Rows from `from` to `upTo` that the journal has; one that ClickHouse lacks is left to the count of holes. */
export async function compareJournal(
  journal: Pick<LogReader, 'oldest' | 'read'>,
  store: Pick<Store, 'lines'>,
  from: number,
  upTo: number,
): Promise<Comparison> {
  const sentences: string[] = [];
  let compared = 0;
  let differing = 0;
  for (let next = Math.max(from, journal.oldest); next <= upTo; ) {
    const chunk = journal.read(next, chunkBytesMax, upTo);
    if (chunk.count === 0) break;
    next = chunk.last + 1;
    const kept = new Map(linesOf(chunk.rows).map((line) => [seqOf(line), line]));
    for await (const batch of rowsOf(store, chunk.first, chunk.last)) {
      for (const line of batch) {
        const seq = seqOf(line);
        const difference = differenceOf(kept.get(seq), line);
        compared += 1;
        if (difference === null) continue;
        differing += 1;
        if (sentences.length < sentencesMax)
          sentences.push(`Event ${seq} is not as the journal has it: ${difference}.`);
      }
    }
  }
  return { compared, sentences, differing };
}

function rowsOf(store: Pick<Store, 'lines'>, first: number, last: number): AsyncIterable<string[]> {
  const sql = `SELECT seq, id, received, occurred, search, raw FROM events
    WHERE seq BETWEEN {first:UInt64} AND {last:UInt64} ORDER BY seq`;
  return store.lines(sql, { first, last }, { deadlineMs });
}

/** Which columns differ, or null. */
function differenceOf(kept: string | undefined, found: string): string | null {
  if (kept === undefined) return 'the journal does not have it';
  const row = splitRow(kept);
  const expected = [row.id, row.received, row.occurred, row.search, row.raw];
  const columns = found.split('\t').slice(1);
  const names = ['id', 'received', 'occurred', 'search', 'raw'].filter((_, at) => columns[at] !== expected[at]);
  return names.length === 0 ? null : `another ${names.join(', ')}`;
}
