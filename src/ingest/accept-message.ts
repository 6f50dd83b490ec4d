/**
 * A message of /api/events/in: one event, taken, passed over, or refused.
 */
import type { FailureName } from '../base/errors.ts';
import type { IncomingEvent } from '../event-text/incoming-event.ts';
import { isBeyondEvent } from '../event-text/judge-bytes.ts';
import type { PlainReader } from '../event-text/plain-event.ts';
import { readMessage } from '../event-text/read-events.ts';
import { textEvent } from '../event-text/text-event.ts';
import type { Intake, MessageOutcome } from './intake.ts';
import type { IntakeGate } from './intake-gate.ts';
import { createRefusedMessages } from './refused-messages.ts';
import type { TakeEvents } from './take-events.ts';

/** `elapsedMs`: a clock that never steps back. */
export function createAcceptMessage(
  gate: IntakeGate,
  take: TakeEvents,
  reader: PlainReader,
  elapsedMs: () => number,
): Intake['acceptMessage'] {
  const wasRefused = createRefusedMessages(elapsedMs);

  function acceptOne(event: IncomingEvent): MessageOutcome {
    const { ticket, parkedTicket, appended } = take([event]);
    if (parkedTicket > 0) return { kind: 'parked', ticket: parkedTicket };
    return { kind: appended === 1 ? 'accepted' : 'duplicate', ticket };
  }

  function refuse(bytes: Buffer, failure: FailureName, reason: string): MessageOutcome {
    if (wasRefused(bytes)) return skip(`Refused before: ${reason}`);
    gate.refuse(failure, 1);
    return { kind: 'refused', failure, reason };
  }

  function skip(reason: string): MessageOutcome {
    gate.skip(reason);
    return { kind: 'skipped', reason };
  }

  return (bytes, isBinary) => {
    gate.throwIfClosed();
    if (isBinary) return refuse(bytes, 'badMessage', 'An event is sent as text, not as binary');
    if (isBeyondEvent(bytes)) return skip('The message is larger than an event may be');
    const plain = reader.readMessage(bytes);
    if (plain !== null) return acceptOne(plain);
    const read = readMessage(bytes);
    if (!read.ok) return refuse(bytes, read.failure, read.reason);
    if (read.event.isTooLarge) return skip(`The event ${read.event.body.id} is too large`);
    return acceptOne(textEvent(read.event));
  };
}
