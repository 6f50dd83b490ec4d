/**
 * The one way in (DESIGN §1): parse, check, canonical text, refuse or dedupe, append (I1, I2, I4, I11). A batch is taken
 * whole or not at all.
 */
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { Failure, type FailureName } from '../errors.ts';
import { formatTimeForClickHouse } from '../filter/time.ts';
import type { Counters } from '../metrics.ts';
import { type CanonicalEvent, finishRaw } from './canonical.ts';
import { createGroup, type GroupParts } from './group.ts';
import type { BatchOutcome, Intake, MessageOutcome } from './intake.ts';
import { isBeyondEvent } from './judge-bytes.ts';
import { readBatch, readMessage } from './read-events.ts';
import { createReceiptClock } from './receipt-clock.ts';
import { createRefusedMessages } from './refused-messages.ts';

export interface AcceptParts extends GroupParts {
  /** Why nothing is taken in now (shutting down, the store refused this log), or null. */
  readonly gate: () => Failure | null;
  readonly counters: GroupParts['counters'] &
    Pick<Counters, 'parsed' | 'deduped' | 'appended' | 'skipped'> & {
      readonly refused: Partial<Record<FailureName, number>>;
    };
  /** Wall clock, in ms. */
  readonly now: () => number;
}

export function createIntake(parts: AcceptParts): Intake {
  const { journal, window, counters, log } = parts;
  const group = createGroup(parts);
  const receive = createReceiptClock(parts.now, log);
  const wasRefused = createRefusedMessages(parts.elapsedMs);

  function throwIfClosed(): void {
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
    const read = readBatch(body, isJson);
    if (!read.ok) {
      counters.parsed += read.count;
      countRefusal(read.failure, read.count);
      return { ok: false, issues: read.issues, requestBodyJson: read.requestBodyJson };
    }
    counters.parsed += read.events.length;
    return { ok: true, durable: group.whenDurable(takeAll(read.events).reliesOn) };
  }

  function acceptMessage(bytes: Buffer, isBinary: boolean): MessageOutcome {
    throwIfClosed();
    if (isBinary) return refuse(bytes, 'badMessage', 'An event is sent as text, not as binary');
    if (isBeyondEvent(bytes)) return skip('The message is larger than an event may be');
    const read = readMessage(bytes);
    if (!read.ok) return refuse(bytes, read.failure, read.reason);
    const { event } = read;
    if (event.isTooLarge) return skip(`The event ${event.body.id} is too large`);
    counters.parsed += 1;
    const { reliesOn, appended } = takeAll([event]);
    return { kind: appended === 1 ? 'accepted' : 'duplicate', seq: reliesOn };
  }

  /** Appends what is new. `reliesOn` is the newest seq that the answer relies on, that of a first copy included; 0 for no event. */
  function takeAll(events: readonly CanonicalEvent[]): { reliesOn: number; appended: number } {
    group.announceLoss();
    const before = journal.appended;
    const taken: StoredEvent[] = [];
    let reliesOn = 0;
    try {
      for (const event of events) {
        const known = window.seqOf(event.body.id);
        if (known === null) taken.push(append(event));
        reliesOn = Math.max(reliesOn, known ?? journal.appended);
      }
    } catch (error) {
      journal.rollBack(before);
      window.rollBack(before);
      countRefusal(error instanceof Failure ? error.failure : 'internal', events.length);
      throw error;
    }
    counters.appended += taken.length;
    counters.deduped += events.length - taken.length;
    if (taken.length > 0) group.add(taken);
    return { reliesOn, appended: taken.length };
  }

  function append(event: CanonicalEvent): StoredEvent {
    const { body, head, search } = event;
    const { received, column } = receive();
    const raw = finishRaw(event, received);
    const seq = journal.append(body.id, column, formatTimeForClickHouse(body.occurred), head, search, raw);
    window.add(body.id, seq);
    return { seq, raw, search, body };
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
    acceptMessage,
    get durableSeq() {
      return group.durableSeq;
    },
    lost$: group.lost$,
    ensureDurable: (seq) => group.ensureDurable(seq),
    settled: () => group.settled(),
  };
}
