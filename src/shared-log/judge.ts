/**
 * Which rows of a spool go into the next block, looked up right before they are sent (I11): what the replica knows is
 * in the log already, or its id is taken; what may have left its window is to be asked of the store; all else is new.
 */
import { type Row, splitRow } from '../event-log/row.ts';
import { isTaken } from '../event-log/taken-id.ts';
import { wholeSeconds } from '../filter/whole-seconds.ts';
import type { IdWindow } from '../ids/id-window.ts';
import { type BlockHead, encodeBlock, type RowMark } from './block.ts';
import type { SpooledRow, SpooledRows } from './carrier-ports.ts';
import { StampedRow } from './stamped-row.ts';

export interface JudgeParts {
  readonly window: Pick<IdWindow, 'seqOf' | 'tagOf' | 'hasTags' | 'mayHaveHeld'>;
  /** Rows of the spool that are judged apart. */
  readonly isParked: (seq: number) => boolean;
  /** So many more rows may wait for the store; null where it has said that all of these are new to it. */
  readonly room: number | null;
}

export interface Judged {
  /** All up to this seq of the spool were judged: less than there were where there was no room for one more. */
  readonly upTo: number;
  /** Of which only the store can tell. */
  readonly doubtful: readonly SpooledRow[];
  /** Whose ids are taken. */
  readonly taken: readonly Row[];
  /** Seqs of the spool. */
  readonly sent: readonly number[];
  /** Makes the block of what is to be sent. */
  readonly block: (head: BlockHead) => Buffer;
}

export function judge({ rows, ends, marks, last }: SpooledRows, { window, isParked, room }: JudgeParts): Judged {
  const row = new StampedRow();
  const doubtful: SpooledRow[] = [];
  const taken: Row[] = [];
  const pieces: Buffer[] = [];
  const kept: number[] = [];
  const sent: number[] = [];
  let upTo = last;
  let at = 0;
  let nextMark = 0;
  for (const [nth, end] of ends.entries()) {
    const id = row.take(rows, at, end);
    const begins = at;
    at = end;
    const mark = marks[nextMark]?.nth === nth ? marks[nextMark] : undefined;
    if (mark !== undefined) nextMark += 1;
    const { number } = row;
    if (isParked(number)) continue;
    const tag = mark?.tag ?? 0;
    if (window.seqOf(id) !== null) {
      const isOther = tag !== 0 || window.hasTags ? isTakenBy(window.tagOf(id), row, tag) : false;
      if (isOther) taken.push(splitRow(row.text));
    } else if (room !== null && window.mayHaveHeld(wholeSeconds(row.occurred))) {
      if (doubtful.length >= room) {
        upTo = number - 1;
        break;
      }
      doubtful.push({ seq: number, id, occurred: row.occurred, tag });
    } else {
      kept.push(nth);
      sent.push(number);
      pieces.push(rows.subarray(begins, end));
    }
  }
  const ofKept = marksOf(marks, kept);
  return { upTo, doubtful, taken, sent, block: (head) => encodeBlock(head, kept.length, pieces, ofKept) };
}

/** `first`: the tag of the event that came first with this id. */
export function isTakenBy(first: number, row: StampedRow, tag: number): boolean {
  return isTaken(tag, first, () => splitRow(row.text).raw);
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
