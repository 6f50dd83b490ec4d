/**
 * The one way in: bodies and messages are read, refused with their reasons, or taken (I1, I2, I4, I11).
 */
import type { Counters } from '../base/metrics.ts';
import { PlainReader } from '../event-text/plain-event.ts';
import type { Redactor } from '../event-text/redactor.ts';
import { createAcceptBatch } from './accept-batch.ts';
import { createAcceptMessage } from './accept-message.ts';
import { createAppend } from './append-event.ts';
import { ForcedLabels } from './forced-labels.ts';
import { Group, type GroupParts } from './group.ts';
import type { Intake } from './intake.ts';
import { type GateParts, IntakeGate } from './intake-gate.ts';
import { LiveRows } from './live-rows.ts';
import { createReceiptClock } from './receipt-clock.ts';
import { Rewrites } from './rewrites.ts';
import { createTakeEvents, type TakeParts } from './take-events.ts';
import { createUnpark, type UnparkParts } from './unpark.ts';

export interface AcceptParts
  extends GroupParts,
    Pick<GateParts, 'gate'>,
    Pick<TakeParts, 'others'>,
    Pick<UnparkParts, 'keepTaken'> {
  readonly counters: GroupParts['counters'] &
    GateParts['counters'] &
    TakeParts['counters'] &
    UnparkParts['counters'] &
    Pick<Counters, 'labelsReplaced' | 'redacted'>;
  /** Null where nothing is redacted. */
  readonly redactor?: Redactor | null;
  /** Wall clock, in ms. */
  readonly now: () => number;
  /** A clock that never steps back, in ms. */
  readonly elapsedMs: () => number;
}

export function createIntake(parts: AcceptParts): Intake {
  const rows = new LiveRows();
  const group = new Group(parts, rows);
  const gate = new IntakeGate(parts, group);
  const receive = createReceiptClock(parts.now, parts.log);
  const append = createAppend(parts, receive, rows);
  const take = createTakeEvents(parts, group, append, receive);
  const reader = new PlainReader();
  const rewrites = new Rewrites(new ForcedLabels(parts.counters), parts.redactor ?? null, parts.counters);
  const { acceptBatch, acceptInSlices } = createAcceptBatch(gate, take, group, reader, rewrites);
  return {
    acceptBatch,
    acceptInSlices,
    acceptMessage: createAcceptMessage(gate, take, reader, parts.elapsedMs, rewrites),
    get overflow() {
      return group.overflow;
    },
    lost$: group.lost$,
    ensureDurable: (ticket, parked) => group.ensureDurable(ticket, parked),
    whenDurable: (ticket, parked) => group.whenDurable(ticket, parked),
    unpark: createUnpark(parts, group, append),
    settled: () => group.settled(),
  };
}
