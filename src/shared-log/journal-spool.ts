/**
 * A gateway's own journal as the carrier reads it. Only what the journal's horizon has passed may be sent: of anything
 * else its producer may still be told that it is lost.
 */
import type { LogReader } from '../event-log/log-reader.ts';
import type { LogWriter } from '../event-log/log-writer.ts';
import type { MarkedRows } from '../event-log/marked-rows.ts';
import type { RowMark } from './block.ts';
import type { Spool, SpooledRows } from './carrier-ports.ts';

type SpoolJournal = Pick<LogReader, 'epoch' | 'oldest'> & Pick<LogWriter, 'horizon'> & MarkedRows;

export class JournalSpool implements Spool {
  readonly #journal: SpoolJournal;

  constructor(journal: SpoolJournal) {
    this.#journal = journal;
  }

  get epoch(): string {
    return this.#journal.epoch;
  }
  get oldest(): number {
    return this.#journal.oldest;
  }
  get head(): number {
    return this.#journal.horizon.ticket;
  }

  read(from: number, rowsMax: number, bytesMax: number): SpooledRows {
    const pieces: Buffer[] = [];
    const ends: number[] = [];
    const marks: RowMark[] = [];
    let bytes = 0;
    let last = from - 1;
    let isFull = false;
    const upTo = Math.min(this.head, from + rowsMax - 1);
    const visited = this.#journal.readMarked(from, bytesMax, upTo, (rows, at, end, seq, tag, isFromPrefect) => {
      isFull ||= ends.length > 0 && bytes + end - at > bytesMax;
      if (isFull) return;
      if (tag !== 0 || isFromPrefect) marks.push({ nth: ends.length, tag, isFromPrefect });
      pieces.push(Buffer.from(rows.subarray(at, end)));
      bytes += end - at;
      ends.push(bytes);
      last = seq;
    });
    // Between two epochs are no rows.
    return { rows: Buffer.concat(pieces), ends, marks, last: ends.length === 0 ? visited : last };
  }
}
