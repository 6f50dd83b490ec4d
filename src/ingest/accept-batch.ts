/**
 * A body of POST /api/events: all its events are taken, or none (I2).
 */
import type { ForcedLabel } from '../../schemas/forced-label.ts';
import { finished, inSlices } from '../event-text/in-slices.ts';
import type { IncomingEvent } from '../event-text/incoming-event.ts';
import { createLargeBodies } from '../event-text/large-bodies.ts';
import type { PlainReader } from '../event-text/plain-event.ts';
import { readBatch } from '../event-text/read-events.ts';
import type { Group } from './group.ts';
import type { Admit, BatchOutcome, Intake } from './intake.ts';
import type { IntakeGate } from './intake-gate.ts';
import { eventsOf, isRefused, type ReadBody, readBodySteps } from './read-body.ts';
import type { Rewrites } from './rewrites.ts';
import type { TakeEvents } from './take-events.ts';

export function createAcceptBatch(
  gate: IntakeGate,
  take: TakeEvents,
  group: Pick<Group, 'whenDurable'>,
  reader: PlainReader,
  rewrites: Rewrites,
): Pick<Intake, 'acceptBatch' | 'acceptInSlices'> {
  const largeBodies = createLargeBodies();
  const { acceptRead, acceptAll } = createAcceptRead(gate, take, group, rewrites);

  function acceptBatch(
    body: Buffer,
    isJson: boolean,
    admit: Admit | null = null,
    label: ForcedLabel | null = null,
    isFromPrefect = false,
  ): BatchOutcome {
    gate.throwIfClosed();
    if (rewrites.mayChange(body, label)) {
      return acceptRead(finished(readBodySteps(reader, body, isJson, label, rewrites)), admit, label, isFromPrefect);
    }
    const plain = isJson ? reader.readBatch(body) : null;
    return plain !== null
      ? acceptAll(plain, admit, null, isFromPrefect)
      : acceptRead(eventsOf(readBatch(body, isJson)), admit, null, isFromPrefect);
  }

  async function acceptInSlices(
    body: Buffer,
    isJson: boolean,
    admit: Admit | null = null,
    label: ForcedLabel | null = null,
    isFromPrefect = false,
  ): Promise<BatchOutcome> {
    gate.throwIfClosed();
    const release = await largeBodies.take();
    try {
      const read = await inSlices(readBodySteps(largeBodies.reader, body, isJson, label, rewrites));
      // Much may have happened meanwhile. From here on it is one step.
      gate.throwIfClosed();
      return acceptRead(read, admit, label, isFromPrefect);
    } finally {
      release();
    }
  }

  return { acceptBatch, acceptInSlices };
}

/** A body that was read: taken as a whole, or refused. */
function createAcceptRead(gate: IntakeGate, take: TakeEvents, group: Pick<Group, 'whenDurable'>, rewrites: Rewrites) {
  function acceptRead(
    read: ReadBody,
    admit: Admit | null,
    label: ForcedLabel | null,
    isFromPrefect: boolean,
  ): BatchOutcome {
    if (!isRefused(read)) return acceptAll(read, admit, label, isFromPrefect);
    gate.refuse(read.failure, read.count);
    return { ok: false, issues: read.issues, requestBodyJson: read.requestBodyJson };
  }

  function acceptAll(
    events: readonly IncomingEvent[],
    admit: Admit | null,
    label: ForcedLabel | null,
    isFromPrefect: boolean,
  ): BatchOutcome {
    const refusal = admit === null ? null : admit(events.length);
    if (refusal !== null) {
      gate.refuse(refusal.failure, events.length);
      throw refusal;
    }
    const { ticket, parkedTicket } = take(events, rewrites.tagOf(label), isFromPrefect);
    return { ok: true, durable: group.whenDurable(ticket, parkedTicket) };
  }

  return { acceptRead, acceptAll };
}
