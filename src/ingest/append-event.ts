/**
 * How an event gets its ticket, which is its seq, and its time of receipt, and how its id enters the window: one way
 * for those that come in and for those that were parked (I2, I11).
 */

import type { IncomingEvent } from '../event-text/incoming-event.ts';
import type { AppendedEvent } from './audience.ts';
import type { GroupParts } from './group.ts';
import type { LiveRows } from './live-rows.ts';
import type { Receipt } from './receipt-clock.ts';

/**
 * `tag` as in TaggedRow; `parked`: the ticket under which the event waited. Throws Failure as the log does, and then
 * has appended nothing.
 */
export type AppendEvent = (event: IncomingEvent, tag: number, isFromPrefect: boolean, parked?: number) => AppendedEvent;

export function createAppend(
  { journal, window, audience }: Pick<GroupParts, 'journal' | 'window' | 'audience'>,
  receive: () => Receipt,
  rows: LiveRows,
): AppendEvent {
  return (event, tag, isFromPrefect, parked) => {
    const receipt = receive();
    const wasParked = parked !== undefined;
    const seq = wasParked
      ? journal.unpark(parked, event, receipt, tag, isFromPrefect)
      : journal.append(event, receipt, tag, isFromPrefect);
    window.add(event.id, seq, receipt.seconds, event.occurredSeconds, tag);
    const isKept = audience === undefined || audience.isThere();
    return { seq, bytes: event.rawBytesMax, wasParked, event: isKept ? rows.keep(journal.lastRow()) : null };
  };
}
