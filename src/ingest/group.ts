/**
 * One group per event-loop turn: what was appended meanwhile is committed at once, and when the log's horizon has
 * passed it, handed to live delivery, and only then answered (I1). If the log fails, the group's ids leave the window
 * and its answers are failures. A turn that takes much, as hundreds of fast producers can bring, has several groups.
 */
import type { Observable } from 'rxjs';
import { Failure } from '../base/errors.ts';
import { failPoint } from '../base/fail-point.ts';
import type { Log } from '../base/log.ts';
import type { Counters } from '../base/metrics.ts';
import { type LocalLogWriter, leftOf } from '../event-log/log-writer.ts';
import type { IdWindow } from '../ids/id-window.ts';
import { Answers, isBelow } from './answers.ts';
import { type AppendedEvent, type Audience, handOut } from './audience.ts';
import type { LiveBus } from './live-bus.ts';
import type { LiveRows } from './live-rows.ts';
import { type Loss, Losses } from './losses.ts';
import type { ParkedEvents } from './parked-events.ts';
import { WaitingEvents } from './waiting-events.ts';

export interface GroupParts {
  readonly journal: LocalLogWriter;
  readonly window: IdWindow;
  readonly parked: ParkedEvents;
  readonly live: LiveBus;
  /** Without it all events are kept until they are handed out. */
  readonly audience?: Audience;
  /** Text of events that may wait for the disk. Default 128 MiB. */
  readonly waitingBytesMax?: number;
  /** Text of events that make a group without waiting for the turn's end. Default 4 MiB. */
  readonly groupBytesMax?: number;
  readonly counters: Pick<Counters, 'takenBack' | 'parkedTakenBack'>;
  readonly log: Log;
}

const waitingBytesMaxDefault = 128 * 1024 * 1024;
const groupBytesMaxDefault = 4 * 1024 * 1024;

export class Group {
  readonly #parts: GroupParts;
  readonly #rows: LiveRows;
  readonly #waitingBytesMax: number;
  readonly #groupBytesMax: number;
  readonly #events = new WaitingEvents();
  readonly #answers = new Answers();
  readonly #losses = new Losses();
  /** Of the group that is being gathered. */
  #groupBytes = 0;
  #isScheduled = false;

  /** `rows` hold the events that are added. */
  constructor(parts: GroupParts, rows: LiveRows) {
    this.#parts = parts;
    this.#rows = rows;
    this.#waitingBytesMax = parts.waitingBytesMax ?? waitingBytesMaxDefault;
    this.#groupBytesMax = parts.groupBytesMax ?? groupBytesMaxDefault;
    parts.journal.horizon$.subscribe({
      next: () => this.#release(),
      error: (error) => {
        this.#lose(asFailure(error));
        this.announceLoss();
      },
    });
  }

  /** See Intake. */
  get lost$(): Observable<Loss> {
    return this.#losses.lost$;
  }

  /** Why no more is taken now: the disk is slow, and too much waits for it in memory (I4). */
  get overflow(): Failure | null {
    if (this.#events.bytes < this.#waitingBytesMax) return null;
    return new Failure(
      'journalFull',
      "The journal's disk is slow and too many events wait for it; send again shortly.",
    );
  }

  /** Takes events that were just appended, in seq order. */
  add(events: readonly AppendedEvent[]): void {
    this.#groupBytes += this.#events.add(events);
    this.schedule();
  }

  /**
   * To be called before anything of a body or message is read: commits and hands out the turn's group if it is large.
   */
  endLarge(): void {
    if (this.#groupBytes < this.#groupBytesMax) return;
    try {
      this.#flush();
    } catch (error) {
      // As from a turn of its own: it is no failure of the message that happens to come now.
      setImmediate(() => {
        throw error;
      });
    }
  }

  /** Has the group committed when this turn ends; to be called when records were appended that are no events. */
  schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  /** Resolves once both are kept, and the event handed to live delivery; rejects with the Failure that took them. */
  whenDurable(ticket: number, parked = 0): Promise<void> {
    if (isBelow(this.#parts.journal.horizon, ticket, parked)) return Promise.resolve();
    this.schedule();
    return this.#answers.wait(ticket, parked);
  }

  /** Has both kept now, without live delivery. Throws Failure. */
  ensureDurable(ticket: number, parked = 0): void {
    const { journal } = this.#parts;
    const lost = this.#losses.untoldOf(ticket, parked);
    if (lost !== null) throw lost;
    if (isBelow(journal.horizon, ticket, parked)) return;
    try {
      journal.commitNow(ticket, parked);
    } catch (error) {
      throw this.#lose(asFailure(error));
    }
    if (isBelow(journal.horizon, ticket, parked)) return;
    throw new Failure('journalFailed', 'The events could not be written');
  }

  /** To be called before tickets are given: those of lost records would stand for other events. */
  announceLoss(): void {
    this.#losses.announce();
  }

  /** Resolves when nothing waits any more: for the stop, after the last append. */
  async settled(): Promise<void> {
    while (!this.#events.isEmpty || !this.#answers.isEmpty || this.#isBehind) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
  }

  get #isBehind(): boolean {
    const { failed, committed, horizon } = this.#parts.journal;
    return failed === null && !isBelow(horizon, committed.ticket, committed.parked);
  }

  #flush(): void {
    this.#groupBytes = 0;
    const { journal, log } = this.#parts;
    try {
      if (journal.hasPending) journal.commit();
    } catch (error) {
      this.#lose(asFailure(error));
      log.error({ err: error }, 'A group of events could not be written; its producers are told');
    }
    this.announceLoss();
    this.#release();
  }

  /**
   * What the failure has left no hope for is not answered, not handed out, and told to the producers from the next turn
   * on.
   */
  #lose(failure: Failure): Failure {
    const { journal, window, parked, counters, log } = this.#parts;
    if (journal.failed !== null) log.error({ err: failure }, 'The journal has failed; intake stops until a restart');
    const { committed } = journal;
    counters.takenBack += this.#events.countAbove(committed.ticket);
    window.rollBack(committed.ticket);
    const left = leftOf(journal);
    const loss = { above: left.ticket, parkedAbove: left.parked, failure };
    this.#events.dropAbove(loss.above);
    counters.parkedTakenBack += parked.rollBack(loss.parkedAbove);
    this.#answers.fail(loss);
    this.#losses.note(loss);
    this.schedule();
    return failure;
  }

  #release(): void {
    const { live, audience, parked, journal } = this.#parts;
    const { horizon } = journal;
    const batch = this.#events.takeUpTo(horizon.ticket);
    if (batch.length > 0) failPoint('group-durable');
    handOut(live, batch, audience);
    this.#rows.letGo(horizon.ticket);
    if (batch.length > 0) failPoint('group-live');
    parked.confirm(horizon.parked);
    this.#answers.give(horizon);
  }
}

function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return new Failure('journalFailed', 'The journal could not be written', { cause: error });
}
