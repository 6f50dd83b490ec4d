/**
 * Parked events get their seq, or are dropped as repeats (I11): the event is appended before the record that says that
 * it is settled, so that a crash between the two finds its id in the window, and drops the parked copy.
 */
import { failPoint } from '../base/fail-point.ts';
import { TextEvent } from '../event-text/text-event.ts';
import { parseClickHouseTime } from '../filter/time.ts';
import type { AppendEvent } from './append-event.ts';
import type { AppendedEvent } from './audience.ts';
import type { Group, GroupParts } from './group.ts';
import type { Unpark } from './intake.ts';
import type { ParkedRow } from './parked-events.ts';

export interface UnparkParts extends Pick<GroupParts, 'journal' | 'window' | 'parked'> {
  readonly counters: { parkedAppended: number; parkedDeduped: number };
}

export function createUnpark(parts: UnparkParts, group: Group, append: AppendEvent): Unpark {
  const { journal, window, parked, counters } = parts;

  return async (rows, isStored) => {
    group.announceLoss();
    const before = journal.appended;
    const taken: AppendedEvent[] = [];
    let reliesOn = 0;
    try {
      for (const row of rows) {
        const known = window.seqOf(row.id);
        if (known === null && !isStored(row)) taken.push(appendParked(row));
        else journal.settleParked(row.seq);
        reliesOn = Math.max(reliesOn, known ?? taken.at(-1)?.seq ?? 0);
      }
    } catch (error) {
      journal.rollBack(before, journal.parkedAppended);
      window.rollBack(before);
      throw error;
    }
    if (taken.length > 0) group.add(taken);
    else group.schedule();
    await group.whenDurable(reliesOn);
    failPoint('parked-settled');
    parked.remove(rows);
    counters.parkedAppended += taken.length;
    counters.parkedDeduped += rows.length - taken.length;
  };

  /** With the time of receipt of now: its record says when it was parked. */
  function appendParked({ seq: number, id, occurred, head, search, raw }: ParkedRow): AppendedEvent {
    const open = raw.slice(0, raw.lastIndexOf(',"received":"'));
    const event = new TextEvent(id, parseClickHouseTime(occurred), { open, head, search, isAscii: false });
    return append(event, number);
  }
}
