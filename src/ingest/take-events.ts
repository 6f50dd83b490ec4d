/**
 * What becomes of an event that was read and is good: appended if it is new, answered as a repeat if its id is known,
 * parked if only ClickHouse could tell (I11). A batch is taken whole or not at all.
 */
import { Failure } from '../base/errors.ts';
import type { Counters } from '../base/metrics.ts';
import { splitRow } from '../event-log/row.ts';
import { isTaken } from '../event-log/taken-id.ts';
import type { IncomingEvent } from '../event-text/incoming-event.ts';
import type { IdWindow } from '../ids/id-window.ts';
import type { AppendEvent } from './append-event.ts';
import type { AppendedEvent } from './audience.ts';
import type { Group, GroupParts } from './group.ts';
import { idTaken } from './id-taken.ts';
import type { Receipt } from './receipt-clock.ts';
import { textOf } from './text-of.ts';

export interface TakeParts extends Pick<GroupParts, 'journal' | 'window' | 'parked'> {
  /** Ids that others have brought in, where several gateways share a log. */
  readonly others?: Pick<IdWindow, 'seqOf' | 'tagOf' | 'hasTags'> | undefined;
  readonly counters: Pick<Counters, 'parsed' | 'deduped' | 'appended' | 'parked' | 'refused' | 'fromPrefect'>;
}

export interface Taken {
  /** What an answer relies on: the newest tickets, those of first copies included; 0 for none. */
  readonly ticket: number;
  readonly parkedTicket: number;
  /** How many events. */
  readonly appended: number;
  readonly parked: number;
}

/**
 * `tag` is that of the sender's forced label; 0 for none. `isFromPrefect`: a Prefect server has handed them on. Throws
 * Failure, and then has taken nothing.
 */
export type TakeEvents = (events: readonly IncomingEvent[], tag: number, isFromPrefect: boolean) => Taken;

export function createTakeEvents(
  parts: TakeParts,
  group: Group,
  append: AppendEvent,
  receive: () => Receipt,
): TakeEvents {
  const { journal, window, parked, counters } = parts;
  const park = createPark(parts, receive);

  /** An event's ticket is its seq, which the window knows of first copies. */
  function takeEach(
    events: readonly IncomingEvent[],
    tag: number,
    isFromPrefect: boolean,
    appended: AppendedEvent[],
  ): Taken {
    const taken = { ticket: 0, parkedTicket: 0, appended: 0, parked: 0 };
    for (const event of events) {
      const seq = window.seqOf(event.id);
      const number = seq === null ? parked.numberOf(event.id, tag) : null;
      if (seq !== null) {
        if (tag !== 0 || window.hasTags) throwIfTaken(window, event, tag);
        taken.ticket = Math.max(taken.ticket, seq);
      } else if (number !== null) taken.parkedTicket = Math.max(taken.parkedTicket, number);
      else if (window.mayHaveHeld(event.occurredSeconds)) {
        taken.parkedTicket = park(event, tag, isFromPrefect);
        taken.parked += 1;
      } else {
        if (parts.others !== undefined) throwIfOthers(parts.others, event, tag);
        const one = append(event, tag, isFromPrefect);
        appended.push(one);
        taken.ticket = one.seq;
      }
    }
    taken.appended = appended.length;
    return taken;
  }

  return (events, tag, isFromPrefect) => {
    counters.parsed += events.length;
    group.announceLoss();
    const { appended: before, parkedAppended: beforeParked } = journal;
    const appended: AppendedEvent[] = [];
    let taken: Taken;
    try {
      taken = takeEach(events, tag, isFromPrefect, appended);
    } catch (error) {
      journal.rollBack(before, beforeParked);
      window.rollBack(before);
      parked.rollBack(beforeParked);
      countRefused(counters, error, events.length);
      throw error;
    }
    count(counters, taken, events.length, isFromPrefect);
    if (taken.appended > 0) group.add(appended);
    else if (taken.parked > 0) group.schedule();
    return taken;
  };
}

function throwIfOthers(others: NonNullable<TakeParts['others']>, event: IncomingEvent, tag: number): void {
  if ((tag !== 0 || others.hasTags) && others.seqOf(event.id) !== null) throwIfTaken(others, event, tag);
}

function throwIfTaken(window: Pick<IdWindow, 'tagOf'>, event: IncomingEvent, tag: number): void {
  if (isTaken(tag, window.tagOf(event.id), () => textOf(event))) throw idTaken(event.id);
}

function count(
  counters: TakeParts['counters'],
  { appended, parked }: Taken,
  events: number,
  isFromPrefect: boolean,
): void {
  counters.appended += appended;
  counters.parked += parked;
  counters.deduped += events - appended - parked;
  if (isFromPrefect) counters.fromPrefect += appended + parked;
}

function countRefused({ refused }: TakeParts['counters'], error: unknown, events: number): void {
  const name = error instanceof Failure ? error.failure : 'internal';
  refused[name] = (refused[name] ?? 0) + events;
}

/** Gives the ticket. Throws Failure, and then has parked nothing. */
function createPark(
  { journal, parked }: TakeParts,
  receive: () => Receipt,
): (event: IncomingEvent, tag: number, isFromPrefect: boolean) => number {
  return (event, tag, isFromPrefect) => {
    const refusal = parked.refusal(event.rowBytesMax);
    if (refusal !== null) throw refusal;
    const ticket = journal.park(event, receive(), tag, isFromPrefect);
    const row = { ...splitRow(journal.lastRow().toString('utf8')), tag };
    parked.add(isFromPrefect ? { ...row, isFromPrefect } : row);
    return ticket;
  };
}
