/**
 * Which rows of a spool go into the next block, looked up right before they are sent (I11): what the replica knows is
 * in the log already; what may have left its window is asked of the store; all else is new.
 */
import { wholeSeconds } from '../filter/whole-seconds.ts';
import type { IdWindow } from '../ids/id-window.ts';
import { encodeBlock, type RowMark } from './block.ts';
import type { SpooledRow, SpooledRows } from './carrier-ports.ts';
import { StampedRow } from './stamped-row.ts';

/** What the store was asked, when, and what of it the store has. */
export interface LookedUp {
  /** The newest seq that was applied when it was asked. */
  readonly judgedAt: number;
  readonly asked: ReadonlySet<string>;
  readonly known: ReadonlySet<string>;
}

export interface Judged {
  /** Where the store was not asked of each of them: all rows of which only it can tell. Then there is no block yet. */
  readonly doubtful: readonly SpooledRow[];
  /** Makes the block, of a spool's epoch; null where all rows are in the log. */
  readonly block: ((spool: string) => Buffer) | null;
}

/** `seq`: the newest one that was applied. */
export function judge(
  { rows, ends, marks, last }: SpooledRows,
  window: Pick<IdWindow, 'seqOf' | 'mayHaveHeld'>,
  lookedUp: LookedUp | null,
  seq: number,
): Judged {
  const row = new StampedRow();
  const doubtful: SpooledRow[] = [];
  const pieces: Buffer[] = [];
  const kept: number[] = [];
  let judgedAt = seq;
  let isUnasked = false;
  let at = 0;
  for (const [nth, end] of ends.entries()) {
    const id = row.take(rows, at, end);
    const begins = at;
    at = end;
    if (window.seqOf(id) !== null) continue;
    if (window.mayHaveHeld(wholeSeconds(row.occurred))) {
      doubtful.push({ id, occurred: row.occurred });
      if (lookedUp?.asked.has(id) !== true) isUnasked = true;
      else if (lookedUp.known.has(id)) continue;
      else judgedAt = Math.min(judgedAt, lookedUp.judgedAt);
    }
    kept.push(nth);
    pieces.push(rows.subarray(begins, end));
  }
  if (isUnasked) return { doubtful, block: null };
  if (kept.length === 0) return { doubtful: [], block: null };
  const ofKept = marksOf(marks, kept);
  return {
    doubtful: [],
    block: (spool) => encodeBlock({ covers: last, judgedAt, spool }, kept.length, pieces, ofKept),
  };
}

/** With the places that the rows have among those that are kept. */
function marksOf(marks: readonly RowMark[], kept: readonly number[]): RowMark[] {
  if (marks.length === 0) return [];
  const placeOf = new Map(kept.map((nth, place) => [nth, place]));
  return marks.flatMap((mark) => {
    const place = placeOf.get(mark.nth);
    return place === undefined ? [] : [{ ...mark, nth: place }];
  });
}
