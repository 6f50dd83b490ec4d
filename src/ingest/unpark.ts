/**
 * Parked events get their seq, or are dropped as repeats (I11): the event is appended before the record that says that
 * it is settled, so that a crash between the two finds its id in the window, and drops the parked copy.
 */
import { failPoint } from '../base/fail-point.ts';
import { isTaken } from '../event-log/taken-id.ts';
import { openOf } from '../event-text/canonical.ts';
import { TextEvent } from '../event-text/text-event.ts';
import { parseClickHouseTime } from '../filter/time.ts';
import type { AppendEvent } from './append-event.ts';
import type { AppendedEvent } from './audience.ts';
import type { Group, GroupParts } from './group.ts';
import type { StoreAnswer, Unpark } from './intake.ts';
import type { ParkedRow } from './parked-events.ts';

export interface UnparkParts extends Pick<GroupParts, 'journal' | 'window' | 'parked'> {
  /** Keeps acknowledged events whose ids are taken, on the disk when it returns; needed where labels are forced. */
  readonly keepTaken?: (rows: readonly ParkedRow[]) => void;
  readonly counters: { parkedAppended: number; parkedDeduped: number; parkedTaken: number };
}

export function createUnpark(parts: UnparkParts, group: Group, append: AppendEvent): Unpark {
  const { journal, window, parked, counters } = parts;

  return async (rows, answerOf) => {
    group.announceLoss();
    const before = journal.appended;
    const taken: AppendedEvent[] = [];
    const ofTakenIds: ParkedRow[] = [];
    let reliesOn = 0;
    try {
      for (const row of rows) {
        const known = window.seqOf(row.id);
        const answer = known === null ? answerOf(row) : answerOfWindow(row);
        if (answer === 'taken') ofTakenIds.push(row);
        if (answer === 'new') taken.push(appendParked(row));
        else journal.settleParked(row.seq);
        reliesOn = Math.max(reliesOn, known ?? taken.at(-1)?.seq ?? 0);
      }
      keepTaken(ofTakenIds);
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
    counters.parkedTaken += ofTakenIds.length;
    counters.parkedDeduped += rows.length - taken.length - ofTakenIds.length;
  };

  function keepTaken(rows: readonly ParkedRow[]): void {
    if (rows.length === 0) return;
    if (parts.keepTaken === undefined) throw new Error('An id is taken, and nobody keeps its event');
    parts.keepTaken(rows);
  }

  function answerOfWindow({ id, tag, raw }: ParkedRow): StoreAnswer {
    return isTaken(tag, window.tagOf(id), () => raw) ? 'taken' : 'repeat';
  }

  /** With the time of receipt of now: its record says when it was parked. */
  function appendParked({ seq: number, id, occurred, head, search, raw, tag, isFromPrefect }: ParkedRow) {
    const text = { open: openOf(raw), head, search, isAscii: false };
    const event = new TextEvent(id, parseClickHouseTime(occurred), text);
    return append(event, tag, isFromPrefect === true, number);
  }
}
