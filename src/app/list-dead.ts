/**
 * The first events of the dead letter, for an operator; of one whose reads have a forced filter only those that fit it
 * (I14).
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DeadLetterList, ListedDeadEvent } from '../../schemas/dead-letter-list.ts';
import type { Filter } from '../../schemas/filter.ts';
import { LoggedEvent } from '../event-log/logged-event.ts';
import { splitRow } from '../event-log/row.ts';
import { insideWindow } from '../filter/parts/occurred.ts';
import { compilePredicate } from '../filter/predicate.ts';
import type { DeadLetter } from '../table-writer/ports.ts';

/** The file may be long: between so many events others have their turn. */
const eventsInTurn = 100;

/** `more`: of those that fit, too. */
export async function listDead(
  deadLetter: Pick<DeadLetter, 'entries'>,
  eventsMax: number,
  forced: readonly Filter[],
): Promise<DeadLetterList> {
  const fits = fitsAll(forced);
  const events: ListedDeadEvent[] = [];
  let looked = 0;
  for await (const { seq, at, reason, row } of deadLetter.entries()) {
    looked += 1;
    if (looked % eventsInTurn === 0) await nextTurn();
    if (!fits(row)) continue;
    if (events.length === eventsMax) return { events, more: true };
    events.push({ seq, id: splitRow(row).id, since: at, reason });
  }
  return { events, more: false };
}

function fitsAll(forced: readonly Filter[]): (row: string) => boolean {
  const [first, ...others] = forced;
  if (first === undefined) return () => true;
  const fits = compilePredicate([first, ...others]);
  return (row) => {
    const bytes = Buffer.from(row);
    const event = new LoggedEvent(bytes, 0, bytes.length);
    return forced.every(({ occurred }) => insideWindow(occurred, event.occurred)) && fits(event);
  };
}
