/** What the live list shows: events, and what happened between them. */

import type { Checkpoint, GapReason } from '../../../client/src/errors.ts';
import type { EventMessage } from '../../../client/src/message.ts';

export type Row = EventRow | MarkRow;

export interface EventRow {
  readonly kind: 'event';
  /** Rises by one with each row of this page. */
  readonly nr: number;
  readonly message: EventMessage;
}

/** A line between events. */
export interface MarkRow {
  readonly kind: 'live' | 'gap' | 'lost' | 'back' | 'skipped' | 'note';
  readonly nr: number;
  readonly sentence: string;
  /** Of `skipped`: where what was left out begins. */
  readonly from?: Checkpoint;
}

export type NewRow = Omit<EventRow, 'nr'> | Omit<MarkRow, 'nr'>;

export const gapSentences: Readonly<Record<GapReason, string>> = {
  epoch: 'Events may be missing here: the server has another journal than before',
  head: 'Events may be missing here: the server does not know the position that this page had',
  retention: 'Events may be missing here: some of them are no longer kept',
  unknown: 'Events may be missing here: the connection broke, and this server has no positions',
};

/** About what a row takes. */
export function charactersOf(row: Row): number {
  return row.kind === 'event' ? row.message.text.length : row.sentence.length;
}
