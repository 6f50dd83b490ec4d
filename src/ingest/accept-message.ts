/**
 * A message of /api/events/in: one event, taken, passed over, or refused.
 */
import type { ForcedLabel } from '../../schemas/forced-label.ts';
import { Failure, type FailureName } from '../base/errors.ts';
import type { IncomingEvent } from '../event-text/incoming-event.ts';
import { isBeyondEvent } from '../event-text/judge-bytes.ts';
import type { PlainReader } from '../event-text/plain-event.ts';
import { readMessage } from '../event-text/read-events.ts';
import { textEvent } from '../event-text/text-event.ts';
import type { Intake, MessageOutcome } from './intake.ts';
import type { IntakeGate } from './intake-gate.ts';
import { createRefusedMessages } from './refused-messages.ts';
import type { Rewrites } from './rewrites.ts';
import type { TakeEvents, Taken } from './take-events.ts';

/** `elapsedMs`: a clock that never steps back. */
export function createAcceptMessage(
  gate: IntakeGate,
  take: TakeEvents,
  reader: PlainReader,
  elapsedMs: () => number,
  rewrites: Rewrites,
): Intake['acceptMessage'] {
  const wasRefused = createRefusedMessages(elapsedMs);

  /** `sent`: the message as it came. */
  function acceptOne(event: IncomingEvent, tag: number, sent: Buffer): MessageOutcome {
    try {
      return outcomeOf(take([event], tag, false));
    } catch (error) {
      // It is counted already.
      if (!(error instanceof Failure && error.failure === 'idTaken')) throw error;
      if (wasRefused(sent)) return skip(`Refused before: ${error.message}`);
      return { kind: 'refused', failure: error.failure, reason: error.message };
    }
  }

  /** A good event goes on. */
  function judge(bytes: Buffer, sent: Buffer, goOn: (event: IncomingEvent, sent: Buffer) => MessageOutcome) {
    if (isBeyondEvent(bytes)) return skip('The message is larger than an event may be');
    const plain = reader.readMessage(bytes);
    if (plain !== null) return goOn(plain, sent);
    const read = readMessage(bytes);
    if (!read.ok) return refuse(sent, read.failure, read.reason);
    if (read.event.isTooLarge) return skip(`The event ${read.event.body.id} is too large`);
    return goOn(textEvent(read.event), sent);
  }

  const acceptAsSent = (event: IncomingEvent, sent: Buffer): MessageOutcome => acceptOne(event, 0, sent);

  function acceptChanged(bytes: Buffer, label: ForcedLabel | null): MessageOutcome {
    const accept = (event: IncomingEvent): MessageOutcome => acceptOne(event, rewrites.tagOf(label), bytes);
    return judge(bytes, bytes, (event) => {
      const changed = rewrites.message(event, label);
      return changed === null ? accept(event) : judge(changed, bytes, accept);
    });
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

  return (bytes, isBinary, label = null) => {
    gate.throwIfClosed();
    if (isBinary) return refuse(bytes, 'badMessage', 'An event is sent as text, not as binary');
    return rewrites.mayChange(bytes, label) ? acceptChanged(bytes, label) : judge(bytes, bytes, acceptAsSent);
  };
}

/** Of one event. */
function outcomeOf({ ticket, parkedTicket, appended }: Taken): MessageOutcome {
  if (parkedTicket > 0) return { kind: 'parked', ticket: parkedTicket };
  return { kind: appended === 1 ? 'accepted' : 'duplicate', ticket };
}
