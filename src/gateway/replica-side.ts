/**
 * The replica of a gateway, put together with what follows it (I2, I11): the id window and its files, live delivery,
 * and which messages have been applied.
 */
import type { Failure } from '../base/errors.ts';
import type { FilePort } from '../base/file-port.ts';
import type { Log } from '../base/log.ts';
import type { LogReader } from '../event-log/log-reader.ts';
import { readEvent } from '../event-log/logged-event.ts';
import type { IdWindow } from '../ids/id-window.ts';
import { LiveBus } from '../ingest/live-bus.ts';
import { ReplicaLive } from '../ingest/replica-live.ts';
import type { ReplicaPlace } from '../journal/begin-replica.ts';
import type { EpochFile } from '../journal/epoch-file.ts';
import type { Journal } from '../journal/journal.ts';
import type { OpenedStream } from '../nats/open-stream.ts';
import { Gateway } from '../shared-log/gateway.ts';
import { Replica } from '../shared-log/replica.ts';
import { ReplicaIds } from '../shared-log/replica-ids.ts';
import type { WindowBounds } from '../shared-log/replica-window.ts';
import { Positions } from './positions.ts';
import { ReplicaSums } from './replica-sums.ts';

export interface ReplicaSideParts {
  readonly directory: string;
  readonly journal: Journal;
  /** See ReplicaIdsParts. */
  readonly hasBefore: boolean;
  readonly idsMax: number;
  readonly isSynced: boolean;
  readonly hasSubscribers: () => boolean;
  /** Of this gateway's own messages, once they are committed. */
  readonly own: ConstructorParameters<typeof Gateway>[0]['carrier'];
  /** A commit failed: messages are to come again. */
  readonly again: () => void;
  readonly files: FilePort;
  readonly log: Log;
}

/** The replica, and what follows it. */
export interface ReplicaSide {
  readonly replica: Replica;
  readonly live: LiveBus;
  readonly ids: ReplicaIds;
  /** Messages by the seq that the log had behind them. */
  readonly messages: Positions<ReplicaPlace>;
  readonly sums: ReplicaSums;
  /** Whether the replica took what came last: false where a disk is full, or fails. */
  readonly isTaking: boolean;
  /** Why it did not take what came last; null if it did. */
  readonly refusal: Failure | null;
  /** Whether there is, or will be, anything to write into ClickHouse from here. */
  readonly isFollowing: boolean;
  /** See Gateway; false also where the ids of what was applied could not be kept. */
  take(message: { stream: number; ms: number; isOwn: boolean; data: Buffer }): boolean;
}

/** An id that is older at the newest time of receipt has left the window: retention takes no event so soon. */
export const idsMs = 12 * 60 * 60 * 1000;

export function openReplicaSide(parts: ReplicaSideParts): ReplicaSide {
  const { directory, journal, hasBefore, idsMax, isSynced, hasSubscribers, own, again, files, log } = parts;
  const bounds: WindowBounds = { idsMax, idsMs };
  const ids = new ReplicaIds({ ...{ directory, hasBefore, replica: journal, sync: isSynced, files, log }, ...bounds });
  const live = new LiveBus(journal.head);
  const handOut = new ReplicaLive({
    live,
    audience: { isThere: hasSubscribers, readBack: (seq) => readBack(journal, seq) },
    lastRow: () => journal.lastRow(),
  });
  const sums = new ReplicaSums({ firstSeq: journal.firstSeq, next: journal.head + 1 });
  const appended = (seq: number): void => {
    sums.take(seq, journal.lastRow());
    handOut.appended(seq);
  };
  const replica = new Replica({ ...{ log: journal, openWindow: () => ids.open(), appended }, ...bounds });
  const messages = new Positions<ReplicaPlace>();
  messages.note({ ...journal.applied, seq: journal.head }, journal.head);
  let isTaking = true;
  let refusal: Failure | null = null;
  const gateway = new Gateway({
    ...{ replica, carrier: own, log },
    failed() {
      isTaking = false;
      again();
    },
    refused(why) {
      refusal = why;
    },
    committed(seq) {
      isTaking = true;
      messages.note({ ...journal.applied, seq }, seq);
      handOut.committed(seq);
      if (ids.isDue(seq)) keepIds(ids, seq, log);
    },
  });
  return {
    ...{ replica, live, ids, messages, sums },
    get isTaking() {
      return isTaking;
    },
    get refusal() {
      return refusal;
    },
    get isFollowing() {
      // What it has, and ClickHouse has not, it can still write: that may be what makes room.
      return ids.missingUpTo === null && (isTaking || journal.checkpoint < journal.head);
    },
    take({ stream, ms, isOwn, data }) {
      // The disk may take them by now.
      if (ids.isOverdue(replica.seq)) keepIds(ids, journal.head, log);
      const isTaken = !ids.isOverdue(replica.seq) && gateway.take(stream, ms, isOwn, data);
      if (!isTaken) isTaking = false;
      if (isTaken && ids.isDue(replica.seq)) gateway.commit();
      return isTaken;
    },
  };
}

/** The window as it is now: another one takes its place after a commit that failed. */
export function windowOf({ replica }: Pick<ReplicaSide, 'replica'>): Pick<IdWindow, 'seqOf' | 'tagOf' | 'hasTags'> {
  return {
    get hasTags() {
      return replica.window.hasTags;
    },
    seqOf: (id) => replica.window.seqOf(id),
    tagOf: (id) => replica.window.tagOf(id),
  };
}

function keepIds(ids: ReplicaIds, seq: number, log: Log): void {
  try {
    ids.keep(seq);
  } catch (error) {
    log.error({ err: error }, 'the ids of the replica could not be kept');
  }
}

function readBack(journal: LogReader, seq: number) {
  const event = readEvent(journal, seq);
  if (event === null) throw new Error(`the replica does not have event ${seq}, which it has just applied`);
  return event;
}

/** The shared log that a replica's folder follows; null for one that is new. */
export function knownStream(
  name: string,
  found: Pick<EpochFile, 'epoch' | 'firstSeq' | 'after'> | null,
): OpenedStream | null {
  return found === null ? null : { name, epoch: found.epoch, firstSeq: found.firstSeq, after: found.after ?? null };
}
