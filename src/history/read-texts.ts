/**
 * Pages of the texts of stored events, as whole lines in ClickHouse's order of (occurred, id). No row is looked at but
 * the last one of a page. The query is closed before its page is handed on.
 */

import type { AllFilters } from '../../schemas/filter.ts';
import { quickRead } from '../clickhouse/statements.ts';
import type { Store } from '../clickhouse/store.ts';
import { pageSql, type StoredRange } from './page-sql.ts';
import { type Place, parsePlace } from './position.ts';

export interface TextPage {
  /** Of some 256 kB, each of whole lines. */
  readonly blocks: readonly Buffer[];
  readonly rows: number;
  readonly bytes: number;
  /** Where the next page begins; null after the last one. */
  readonly next: Place | null;
}

/** A page ends after `rows` rows, or behind the block that makes it larger than `bytes`. */
export interface TextPageMax {
  readonly rows: number;
  readonly bytes: number;
}

const blockBytes = 256 * 1024;
const newline = 0x0a;
const settings = { ...quickRead, max_threads: 1, max_block_size: 8192 };

/** Rejects with a Failure. Leaving the loop ends the query. */
export async function readTexts(
  store: Pick<Store, 'blocks'>,
  filters: AllFilters,
  range: StoredRange,
  from: Place | null,
  max: TextPageMax,
  signal: AbortSignal,
): Promise<TextPage> {
  const { sql, params } = pageSql({ columns: 'raw', filters, range, from, rows: max.rows });
  const blocks: Buffer[] = [];
  let waiting: Buffer[] = [];
  let [rows, bytes, waitingBytes] = [0, 0, 0];
  const gather = (): void => {
    if (waiting.length > 0) blocks.push(Buffer.concat(waiting));
    waiting = [];
    waitingBytes = 0;
  };
  for await (const block of store.blocks(sql, params, { signal, settings })) {
    waiting.push(block);
    waitingBytes += block.length;
    bytes += block.length;
    rows += linesIn(block);
    if (waitingBytes >= blockBytes) gather();
    if (bytes >= max.bytes) break;
  }
  gather();
  const last = blocks.at(-1);
  const isFull = rows >= max.rows || bytes >= max.bytes;
  return { blocks, rows, bytes, next: isFull && last !== undefined ? placeOf(last) : null };
}

function linesIn(block: Buffer): number {
  let lines = 0;
  for (let at = block.indexOf(newline); at >= 0; at = block.indexOf(newline, at + 1)) lines += 1;
  return lines;
}

/** Of the last of whole lines. */
function placeOf(block: Buffer): Place {
  const text = block.toString('utf8', block.lastIndexOf(newline, -2) + 1);
  const { occurred, id }: { occurred: string; id: string } = JSON.parse(text); // a canonical text has both
  const place = parsePlace(occurred, id);
  if (place === null) throw new Error('A stored event has no place');
  return place;
}
