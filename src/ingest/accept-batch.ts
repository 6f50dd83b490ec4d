/**
 * A body of POST /api/events: all its events are taken, or none (I2).
 */
import { inSlices } from '../event-text/in-slices.ts';
import type { IncomingEvent } from '../event-text/incoming-event.ts';
import { createLargeBodies } from '../event-text/large-bodies.ts';
import type { PlainReader } from '../event-text/plain-event.ts';
import { type ReadBatch, readBatch, readBatchSteps } from '../event-text/read-events.ts';
import { textEvent } from '../event-text/text-event.ts';
import type { Group } from './group.ts';
import type { Admit, BatchOutcome, Intake } from './intake.ts';
import type { IntakeGate } from './intake-gate.ts';
import type { TakeEvents } from './take-events.ts';

export function createAcceptBatch(
  gate: IntakeGate,
  take: TakeEvents,
  group: Pick<Group, 'whenDurable'>,
  reader: PlainReader,
): Pick<Intake, 'acceptBatch' | 'acceptInSlices'> {
  const largeBodies = createLargeBodies();

  function acceptBatch(body: Buffer, isJson: boolean, admit: Admit | null = null): BatchOutcome {
    gate.throwIfClosed();
    const plain = isJson ? reader.readBatch(body) : null;
    return plain !== null ? acceptAll(plain, admit) : acceptRead(readBatch(body, isJson), admit);
  }

  async function acceptInSlices(body: Buffer, isJson: boolean, admit: Admit | null = null): Promise<BatchOutcome> {
    gate.throwIfClosed();
    const release = await largeBodies.take();
    try {
      const plain = isJson ? await inSlices(largeBodies.reader.readBatchSteps(body)) : null;
      const read = plain === null ? await inSlices(readBatchSteps(body, isJson)) : null;
      // Much may have happened meanwhile. From here on it is one step.
      gate.throwIfClosed();
      return read === null ? acceptAll(plain ?? [], admit) : acceptRead(read, admit);
    } finally {
      release();
    }
  }

  function acceptRead(read: ReadBatch, admit: Admit | null): BatchOutcome {
    if (read.ok) return acceptAll(read.events.map(textEvent), admit);
    gate.refuse(read.failure, read.count);
    return { ok: false, issues: read.issues, requestBodyJson: read.requestBodyJson };
  }

  function acceptAll(events: readonly IncomingEvent[], admit: Admit | null): BatchOutcome {
    const refusal = admit === null ? null : admit(events.length);
    if (refusal !== null) {
      gate.refuse(refusal.failure, events.length);
      throw refusal;
    }
    const { ticket, parkedTicket } = take(events);
    return { ok: true, durable: group.whenDurable(ticket, parkedTicket) };
  }

  return { acceptBatch, acceptInSlices };
}
