/**
 * One group per event-loop turn: what was appended meanwhile is committed by one write, made durable, handed to
 * live delivery, and only then answered (I1). If the write fails, the group's ids leave the window and its answers are failures.
 * A turn that takes much, as hundreds of fast producers can bring, has several groups.
 */
import { type Observable, Subject } from 'rxjs';
import { Failure } from '../base/errors.ts';
import { failPoint } from '../base/fail-point.ts';
import type { Log } from '../base/log.ts';
import type { Counters } from '../base/metrics.ts';
import type { IdWindow } from '../ids/id-window.ts';
import { type Appended, type Audience, handOut } from './audience.ts';
import type { EventLog } from './event-log.ts';
import type { Loss } from './intake.ts';
import type { LiveBus } from './live-bus.ts';
import type { LiveRows } from './live-rows.ts';
import { bothLosses, isLost } from './losses.ts';
import type { ParkedEvents } from './parked-events.ts';

export interface GroupParts {
  readonly journal: EventLog;
  readonly window: IdWindow;
  readonly parked: ParkedEvents;
  readonly live: LiveBus;
  readonly durability: 'process' | 'fsync';
  /** Without it all events are kept until they are handed out. */
  readonly audience?: Audience;
  /** Text of events that may wait for the disk. Default 128 MiB. */
  readonly waitingBytesMax?: number;
  /** Text of events that make a group without waiting for the turn's end. Default 4 MiB. */
  readonly groupBytesMax?: number;
  /** A clock that never steps back, in ms. */
  readonly elapsedMs: () => number;
  readonly counters: Pick<Counters, 'takenBack' | 'parkedTakenBack' | 'commits' | 'syncs'>;
  readonly log: Log;
}

const waitingBytesMaxDefault = 128 * 1024 * 1024;
const groupBytesMaxDefault = 4 * 1024 * 1024;

export interface Group {
  /** Newest seq that survives what the durability promises. */
  readonly durableSeq: number;
  /** Why no more is taken now: the disk is slow, and too much waits for it in memory (I4). */
  readonly overflow: Failure | null;
  /** Takes events that were just appended, in seq order. */
  add(events: readonly Appended[]): void;
  /** To be called before anything of a body or message is read: writes and hands out the turn's group if it is large. */
  endLarge(): void;
  /** To be called when only records were appended that are no events. */
  schedule(): void;
  /** Resolves once the event `seq` is durable and handed to live delivery, and the parked one durable; rejects with the Failure of their write. */
  whenDurable(seq: number, parked?: number): Promise<void>;
  /** Makes both durable now, without live delivery. Throws Failure. */
  ensureDurable(seq: number, parked?: number): void;
  /** See Intake. */
  readonly lost$: Observable<Loss>;
  /** To be called before seqs are given out: those of lost records would stand for other events. */
  announceLoss(): void;
  /** Resolves when nothing waits any more: for the stop, after the last append. */
  settled(): Promise<void>;
}

interface Waiter {
  readonly seq: number;
  readonly parked: number;
  readonly resolve: () => void;
  readonly reject: (failure: Failure) => void;
}

/** `rows` hold the events that are added. */
export function createGroup(parts: GroupParts, rows: LiveRows): Group {
  const { journal, window, parked, live, durability, counters, log } = parts;
  const waitingBytesMax = parts.waitingBytesMax ?? waitingBytesMaxDefault;
  const groupBytesMax = parts.groupBytesMax ?? groupBytesMaxDefault;
  /** Appended and not yet handed to live delivery; beyond `waitingBytesMax` nothing more is taken. */
  let events: Appended[] = [];
  let waitingBytes = 0;
  /** Of the group that is being gathered. */
  let groupBytes = 0;
  let waiters: Waiter[] = [];
  let synced = journal.head;
  let syncedParked = journal.parkedHead;
  const lost = new Subject<Loss>();
  /** Happened in a ping handler; told to the others outside of it. */
  let untold: Loss | null = null;
  let isScheduled = false;
  let isSyncing = false;
  let isDead = false;

  function durableSeq(): number {
    return durability === 'process' ? journal.head : synced;
  }

  function durableParked(): number {
    return durability === 'process' ? journal.parkedHead : syncedParked;
  }

  function secondsSince(startedMs: number): number {
    return (parts.elapsedMs() - startedMs) / 1000;
  }

  function isDurable(each: { readonly seq: number; readonly parked: number }): boolean {
    return each.seq <= durableSeq() && each.parked <= durableParked();
  }

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      flush();
    });
  }

  function flush(): void {
    groupBytes = 0;
    try {
      commit();
    } catch (error) {
      log.error({ err: error }, 'A group of events could not be written; its producers are told');
    }
    announceLoss();
    release();
    if (durability === 'fsync') syncOn();
  }

  function commit(): void {
    if (!journal.hasPending) return;
    const startedMs = parts.elapsedMs();
    try {
      journal.commit();
      counters.commits.observe(secondsSince(startedMs));
    } catch (error) {
      const failure = asFailure(error);
      counters.takenBack += events.filter(({ seq, wasParked }) => seq > journal.head && !wasParked).length;
      window.rollBack(journal.head);
      // A dead log syncs no more: what waits for that is lost, too.
      const isAlive = journal.failed === null;
      lose({
        above: isAlive ? journal.head : durableSeq(),
        parkedAbove: isAlive ? journal.parkedHead : durableParked(),
        failure,
      });
      throw failure;
    }
  }

  /** What is above is not answered, not handed out, and told to the sockets from the next turn or before the next append. */
  function lose(loss: Loss): void {
    events = events.filter(({ seq }) => seq <= loss.above);
    waitingBytes = bytesOf(events);
    counters.parkedTakenBack += parked.rollBack(loss.parkedAbove);
    const failed = waiters.filter((waiter) => isLost(waiter, loss));
    waiters = waiters.filter((waiter) => !isLost(waiter, loss));
    for (const { reject } of failed) reject(loss.failure);
    untold = untold === null ? loss : bothLosses(untold, loss);
    schedule();
  }

  function announceLoss(): void {
    if (untold === null) return;
    const loss = untold;
    untold = null;
    lost.next(loss);
  }

  /** One asynchronous fdatasync at a time; what is committed meanwhile gets the next. */
  function syncOn(): void {
    if (isSyncing || isDead || (synced >= journal.head && syncedParked >= journal.parkedHead)) return;
    if (journal.failed !== null) {
      dropUnsynced(journal.failed);
      announceLoss();
      return;
    }
    isSyncing = true;
    const target = journal.head;
    const parkedTarget = journal.parkedHead;
    const startedMs = parts.elapsedMs();
    journal.syncLater().then(
      () => {
        isSyncing = false;
        counters.syncs.observe(secondsSince(startedMs));
        synced = Math.max(synced, target);
        syncedParked = Math.max(syncedParked, parkedTarget);
        release();
        syncOn();
      },
      (error: unknown) => {
        isSyncing = false;
        dropUnsynced(asFailure(error));
        announceLoss();
      },
    );
  }

  /** The log is dead: what is committed but not synced was never answered, and is not handed out before a restart reads it. */
  function dropUnsynced(failure: Failure): void {
    isDead = true;
    log.error({ err: failure }, 'The journal could not be synced; intake stops until a restart');
    lose({ above: synced, parkedAbove: syncedParked, failure });
  }

  function syncNow(): void {
    const { head, parkedHead } = journal;
    if (synced >= head && syncedParked >= parkedHead) return;
    const startedMs = parts.elapsedMs();
    try {
      journal.sync();
    } catch (error) {
      const failure = asFailure(error);
      dropUnsynced(failure);
      throw failure;
    }
    counters.syncs.observe(secondsSince(startedMs));
    synced = head;
    syncedParked = parkedHead;
  }

  function release(): void {
    const upTo = durableSeq();
    const later = events.findIndex(({ seq }) => seq > upTo);
    const batch = later < 0 ? events : events.slice(0, later);
    events = later < 0 ? [] : events.slice(later);
    waitingBytes -= bytesOf(batch);
    if (batch.length > 0) failPoint('group-durable');
    handOut(live, batch, parts.audience);
    rows.letGo(upTo);
    if (batch.length > 0) failPoint('group-live');
    parked.confirm(durableParked());
    const due = waiters.filter(isDurable);
    waiters = waiters.filter((waiter) => !isDurable(waiter));
    for (const { resolve } of due) resolve();
  }

  return {
    get durableSeq() {
      return durableSeq();
    },
    get overflow() {
      if (waitingBytes < waitingBytesMax) return null;
      return new Failure(
        'journalFull',
        "The journal's disk is slow and too many events wait for it; send again shortly.",
      );
    },
    add(more) {
      for (const event of more) events.push(event);
      const bytes = bytesOf(more);
      waitingBytes += bytes;
      groupBytes += bytes;
      schedule();
    },
    endLarge() {
      if (groupBytes < groupBytesMax) return;
      try {
        flush();
      } catch (error) {
        // As from a turn of its own: it is no failure of the message that happens to come now.
        setImmediate(() => {
          throw error;
        });
      }
    },
    schedule,
    whenDurable(seq, parkedNumber = 0) {
      if (isDurable({ seq, parked: parkedNumber })) return Promise.resolve();
      schedule();
      return new Promise((resolve, reject) => {
        waiters.push({ seq, parked: parkedNumber, resolve, reject });
      });
    },
    ensureDurable(seq, parkedNumber = 0) {
      const reliance = { seq, parked: parkedNumber };
      if (untold !== null && isLost(reliance, untold)) throw untold.failure;
      if (isDurable(reliance)) return;
      if (seq > journal.head || parkedNumber > journal.parkedHead) commit();
      if (durability === 'fsync') syncNow();
      if (!isDurable(reliance)) throw new Failure('journalFailed', 'The events could not be written');
    },
    lost$: lost,
    announceLoss,
    async settled() {
      while (events.length > 0 || waiters.length > 0 || isSyncing) {
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
      }
    },
  };
}

function bytesOf(events: readonly Appended[]): number {
  return events.reduce((sum, { bytes }) => sum + bytes, 0);
}

function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return new Failure('journalFailed', 'The journal could not be written', { cause: error });
}
