/** The two readers of the long form: each keeps books of which events came how often. */
import { type CheckpointStore, memoryStore, type Sluice } from '../../client/src/node.ts';

/** Of one reader; `nth` is the event's number. */
export interface Books {
  received: number;
  /** An event that came again, though it was received or acknowledged before. */
  repeats: number;
  /** Subscriptions that it took. */
  subscriptions: number;
}

export const lastName = 'fault.last';

interface Reading {
  readonly sluice: Sluice;
  readonly resource: string;
  readonly events: number;
  /** Hears of each new event. */
  readonly progressed: () => void;
}

/** One subscription from the first event to the last: none may come twice. */
export async function readOnce({ sluice, resource, events, progressed }: Reading): Promise<Books> {
  const books: Books = { received: 0, repeats: 0, subscriptions: 1 };
  const seen = new Uint8Array(events);
  for await (const message of sluice.subscribe({ filter: { resource: { id: [resource] } } })) {
    if (message.type !== 'event') continue;
    if (message.event.event === lastName) break;
    const nth = Number(message.event.resource['nth']);
    if (seen[nth] === 1) books.repeats += 1;
    else books.received += 1;
    seen[nth] = 1;
    progressed();
  }
  return books;
}

/**
 * Many subscriptions one after the other, each left at a random event, long after the last acknowledgement: what was
 * acknowledged never comes again, and all else does.
 */
export async function readLate(reading: Reading, random: () => number): Promise<Books> {
  const books: Books = { received: 0, repeats: 0, subscriptions: 0 };
  const acknowledged = new Uint8Array(reading.events);
  const store = memoryStore();
  const perSubscription = Math.ceil(reading.events / 20);
  let isLast = false;
  while (!isLast) {
    books.subscriptions += 1;
    isLast = await readSome(reading, { store, books, acknowledged, leaveAfter: random() * perSubscription });
  }
  return books;
}

interface Leaving {
  readonly store: CheckpointStore;
  readonly books: Books;
  readonly acknowledged: Uint8Array;
  readonly leaveAfter: number;
}

const eventsPerAcknowledgement = 250;

/** Whether the last event was reached. */
async function readSome({ sluice, resource, progressed }: Reading, leaving: Leaving): Promise<boolean> {
  const { store, books, acknowledged, leaveAfter } = leaving;
  let waiting: number[] = [];
  const unacknowledged = new Set<number>();
  let read = 0;
  for await (const message of sluice.subscribe({ filter: { resource: { id: [resource] } }, store, ack: 'manual' })) {
    if (message.type !== 'event') continue;
    const isLast = message.event.event === lastName;
    if (!isLast) {
      const nth = Number(message.event.resource['nth']);
      if (acknowledged[nth] === 1 || unacknowledged.has(nth)) books.repeats += 1;
      unacknowledged.add(nth);
      waiting.push(nth);
      read += 1;
    }
    if (isLast || waiting.length >= eventsPerAcknowledgement) {
      await message.ack();
      for (const nth of waiting) acknowledged[nth] = 1;
      books.received += waiting.length;
      waiting = [];
      unacknowledged.clear();
    }
    progressed();
    if (isLast) return true;
    if (read >= leaveAfter) return false;
  }
  return false;
}
