/**
 * Some rows of a spool that do not stand side by side, read as if they did.
 */
import type { RowMark } from './block.ts';
import type { Spool, SpooledRows } from './carrier-ports.ts';

/** As many of these as fit, one at least. They rise. */
export function readSome(spool: Pick<Spool, 'read'>, seqs: readonly number[], bytesMax: number): SpooledRows {
  const pieces: Buffer[] = [];
  const ends: number[] = [];
  const marks: RowMark[] = [];
  let bytes = 0;
  let last = 0;
  for (const seq of seqs) {
    const one = spool.read(seq, 1, bytesMax);
    if (ends.length > 0 && bytes + one.rows.length > bytesMax) break;
    marks.push(...one.marks.map((mark) => ({ ...mark, nth: ends.length })));
    pieces.push(one.rows);
    bytes += one.rows.length;
    ends.push(bytes);
    last = one.last;
  }
  return { rows: Buffer.concat(pieces), ends, marks, last };
}
