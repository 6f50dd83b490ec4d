/**
 * How an event gets its seq and its time of receipt, and its id enters the window: one way for those that come in and for
 * those that were parked (I2, I11).
 */
import { formatTimeForClickHouse } from '../filter/time.ts';
import type { Appended } from './audience.ts';
import { type CanonicalEvent, finishRaw } from './canonical.ts';
import type { GroupParts } from './group.ts';
import type { Receipt } from './receipt-clock.ts';
import { wholeSeconds } from './whole-seconds.ts';

/** `parked`: the number under which the event waited. Throws Failure as the log does, and then has appended nothing. */
export type AppendEvent = (event: Omit<CanonicalEvent, 'isTooLarge'>, parked?: number) => Appended;

export function createAppend(
  { journal, window, audience }: Pick<GroupParts, 'journal' | 'window' | 'audience'>,
  receive: () => Receipt,
): AppendEvent {
  return (event, parked) => {
    const { body, head, search, isAscii } = event;
    const { received, column, seconds } = receive();
    const raw = finishRaw(event, received);
    const occurred = formatTimeForClickHouse(body.occurred);
    const seq =
      parked === undefined
        ? journal.append(body.id, column, occurred, head, search, raw, isAscii)
        : journal.unpark(parked, body.id, column, occurred, head, search, raw);
    window.add(body.id, seq, seconds, wholeSeconds(body.occurred));
    const isKept = audience === undefined || audience.isThere();
    return {
      seq,
      characters: raw.length,
      wasParked: parked !== undefined,
      event: isKept ? { seq, raw, search, body } : null,
    };
  };
}
