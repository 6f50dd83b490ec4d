/**
 * The one way in (docs/design.md, "Taking events in"): parse, check, canonical text, refuse or dedupe, append (I1, I2,
 * I4, I11). A batch is taken whole or not at all.
 */
import { Failure, type FailureName } from '../base/errors.ts';
import type { Counters } from '../base/metrics.ts';
import { inSlices } from '../event-text/in-slices.ts';
import type { IncomingEvent } from '../event-text/incoming-event.ts';
import { isBeyondEvent } from '../event-text/judge-bytes.ts';
import { createLargeBodies } from '../event-text/large-bodies.ts';
import { PlainReader } from '../event-text/plain-event.ts';
import { type ReadBatch, readBatch, readBatchSteps, readMessage } from '../event-text/read-events.ts';
import { textEvent } from '../event-text/text-event.ts';
import { wholeSeconds } from '../filter/whole-seconds.ts';
import { splitRow } from '../journal/row.ts';
import { createAppend } from './append-event.ts';
import type { Appended } from './audience.ts';
import { createGroup, type GroupParts } from './group.ts';
import type { BatchOutcome, Intake, MessageOutcome } from './intake.ts';
import { LiveRows } from './live-rows.ts';
import { createReceiptClock } from './receipt-clock.ts';
import { createRefusedMessages } from './refused-messages.ts';
import { createUnpark } from './unpark.ts';

export interface AcceptParts extends GroupParts {
  /** Why nothing is taken in now (shutting down, the store refused this log), or null. */
  readonly gate: () => Failure | null;
  readonly counters: GroupParts['counters'] &
    Pick<Counters, 'parsed' | 'deduped' | 'appended' | 'skipped' | 'parked' | 'parkedAppended' | 'parkedDeduped'> & {
      readonly refused: Partial<Record<FailureName, number>>;
    };
  /** Wall clock, in ms. */
  readonly now: () => number;
}

/** What an answer relies on: the newest seq and parked record, those of a first copy included; 0 for none. */
interface Taken {
  readonly reliesOn: number;
  readonly reliesOnParked: number;
  readonly appended: number;
}

export function createIntake(parts: AcceptParts): Intake {
  const { journal, window, parked, counters, log } = parts;
  const rows = new LiveRows();
  const group = createGroup(parts, rows);
  const receive = createReceiptClock(parts.now, log);
  const append = createAppend(parts, receive, rows);
  const reader = new PlainReader();
  const largeBodies = createLargeBodies();
  const wasRefused = createRefusedMessages(parts.elapsedMs);

  function throwIfClosed(): void {
    group.endLarge();
    const failure = parts.gate() ?? journal.failed ?? group.overflow;
    if (failure === null) return;
    counters.parsed += 1;
    countRefusal(failure.failure);
    throw failure;
  }

  function countRefusal(failure: FailureName, events = 1): void {
    counters.refused[failure] = (counters.refused[failure] ?? 0) + events;
  }

  function acceptBatch(body: Buffer, isJson: boolean): BatchOutcome {
    throwIfClosed();
    const plain = isJson ? reader.readBatch(body) : null;
    return plain !== null ? acceptAll(plain) : acceptRead(readBatch(body, isJson));
  }

  async function acceptInSlices(body: Buffer, isJson: boolean): Promise<BatchOutcome> {
    throwIfClosed();
    const release = await largeBodies.take();
    try {
      const plain = isJson ? await inSlices(largeBodies.reader.readBatchSteps(body)) : null;
      const read = plain === null ? await inSlices(readBatchSteps(body, isJson)) : null;
      // Much may have happened meanwhile. From here on it is one step.
      throwIfClosed();
      return read === null ? acceptAll(plain ?? []) : acceptRead(read);
    } finally {
      release();
    }
  }

  function acceptRead(read: ReadBatch): BatchOutcome {
    if (read.ok) return acceptAll(read.events.map(textEvent));
    counters.parsed += read.count;
    countRefusal(read.failure, read.count);
    return { ok: false, issues: read.issues, requestBodyJson: read.requestBodyJson };
  }

  function acceptAll(events: readonly IncomingEvent[]): BatchOutcome {
    counters.parsed += events.length;
    const { reliesOn, reliesOnParked } = takeAll(events);
    return { ok: true, durable: group.whenDurable(reliesOn, reliesOnParked) };
  }

  function acceptMessage(bytes: Buffer, isBinary: boolean): MessageOutcome {
    throwIfClosed();
    if (isBinary) return refuse(bytes, 'badMessage', 'An event is sent as text, not as binary');
    if (isBeyondEvent(bytes)) return skip('The message is larger than an event may be');
    const plain = reader.readMessage(bytes);
    if (plain !== null) return acceptOne(plain);
    const read = readMessage(bytes);
    if (!read.ok) return refuse(bytes, read.failure, read.reason);
    if (read.event.isTooLarge) return skip(`The event ${read.event.body.id} is too large`);
    return acceptOne(textEvent(read.event));
  }

  function acceptOne(event: IncomingEvent): MessageOutcome {
    counters.parsed += 1;
    const { reliesOn, reliesOnParked, appended } = takeAll([event]);
    if (reliesOnParked > 0) return { kind: 'parked', number: reliesOnParked };
    return { kind: appended === 1 ? 'accepted' : 'duplicate', seq: reliesOn };
  }

  /** Appends what is new, parks what may be a repeat of what only ClickHouse knows. */
  function takeAll(events: readonly IncomingEvent[]): Taken {
    group.announceLoss();
    const before = journal.appended;
    const beforeParked = journal.parkedAppended;
    const appended: Appended[] = [];
    let parkedCount = 0;
    let reliesOn = 0;
    let reliesOnParked = 0;
    try {
      for (const event of events) {
        const seq = window.seqOf(event.id);
        const number = seq === null ? parked.numberOf(event.id) : null;
        if (seq !== null) reliesOn = Math.max(reliesOn, seq);
        else if (number !== null) reliesOnParked = Math.max(reliesOnParked, number);
        else if (window.mayHaveHeld(wholeSeconds(event.occurred))) {
          reliesOnParked = park(event);
          parkedCount += 1;
        } else {
          const taken = append(event);
          appended.push(taken);
          reliesOn = taken.seq;
        }
      }
    } catch (error) {
      journal.rollBack(before, beforeParked);
      window.rollBack(before);
      parked.rollBack(beforeParked);
      countRefusal(error instanceof Failure ? error.failure : 'internal', events.length);
      throw error;
    }
    counters.appended += appended.length;
    counters.parked += parkedCount;
    counters.deduped += events.length - appended.length - parkedCount;
    if (appended.length > 0) group.add(appended);
    else if (parkedCount > 0) group.schedule();
    return { reliesOn, reliesOnParked, appended: appended.length };
  }

  function park(event: IncomingEvent): number {
    const refusal = parked.refusal(event.rowBytesMax);
    if (refusal !== null) throw refusal;
    const number = journal.park(event, receive());
    parked.add(splitRow(journal.lastRow().toString('utf8')));
    return number;
  }

  function refuse(bytes: Buffer, failure: FailureName, reason: string): MessageOutcome {
    if (wasRefused(bytes)) return skip(`Refused before: ${reason}`);
    counters.parsed += 1;
    countRefusal(failure);
    return { kind: 'refused', failure, reason };
  }

  function skip(reason: string): MessageOutcome {
    counters.skipped += 1;
    log.warn({ reason }, 'A message was skipped');
    return { kind: 'skipped', reason };
  }

  return {
    acceptBatch,
    acceptInSlices,
    acceptMessage,
    get durableSeq() {
      return group.durableSeq;
    },
    get overflow() {
      return group.overflow;
    },
    lost$: group.lost$,
    ensureDurable: (seq, number) => group.ensureDurable(seq, number),
    unpark: createUnpark(parts, group, append),
    settled: () => group.settled(),
  };
}
