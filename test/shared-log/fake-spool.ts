/** A spool in memory, and what a store says of its rows. */
import type { Spool, SpooledRow, StoreWord } from '../../src/shared-log/carrier-ports.ts';
import { idOf, marksOf, rowOf, type SpooledEvent } from './rows.ts';

/** What a producer sent. */
export interface Sent {
  /** Which id. */
  readonly nth: number;
  /** Of its forced label; 0 for none. */
  readonly tag: number;
}

/** `spooled`: by seq, from 1 on; it may grow. */
export function spoolOf(epoch: string, spooled: readonly Sent[]): Spool {
  return {
    epoch,
    oldest: 1,
    get head() {
      return spooled.length;
    },
    read(from, rowsMax) {
      const last = Math.min(spooled.length, from + rowsMax - 1);
      const events = spooled.slice(from - 1, last).map(eventOf);
      const rows = events.map((event, at) => Buffer.from(rowOf(from + at, event)));
      let end = 0;
      const ends = rows.map(({ length }) => (end += length));
      return { rows: Buffer.concat(rows), ends, marks: marksOf(events), last };
    },
  };
}

/** What a store says that has these; of an event without a label it does not know whose it is. */
export function wordsOf(stored: readonly Sent[], rows: readonly SpooledRow[]): ReadonlyMap<number, StoreWord> {
  const tags = new Map(stored.map(({ nth, tag }) => [idOf(nth), tag]));
  const words = new Map<number, StoreWord>();
  for (const { seq, id, tag } of rows) {
    const first = tags.get(id);
    if (first !== undefined) words.set(seq, tag === 0 || tag === first ? 'repeat' : 'taken');
  }
  return words;
}

function eventOf({ nth, tag }: Sent): SpooledEvent {
  return { nth, tag, text: '', hasFraction: false, isFromPrefect: false };
}
