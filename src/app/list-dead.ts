/**
 * The first events of the dead letter, for an operator.
 */
import type { DeadLetterList, ListedDeadEvent } from '../../schemas/dead-letter-list.ts';
import { splitRow } from '../event-log/row.ts';
import type { DeadLetter } from '../table-writer/ports.ts';

export async function listDead(deadLetter: Pick<DeadLetter, 'entries'>, eventsMax: number): Promise<DeadLetterList> {
  const events: ListedDeadEvent[] = [];
  for await (const { seq, at, reason, row } of deadLetter.entries()) {
    if (events.length === eventsMax) return { events, more: true };
    events.push({ seq, id: splitRow(row).id, since: at, reason });
  }
  return { events, more: false };
}
