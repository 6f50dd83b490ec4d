/**
 * What a journal is opened with: its settings, and the machine that it stands on.
 */

import { type FilePort, nodeFiles } from '../base/file-port.ts';
import type { Log } from '../base/log.ts';
import type { Counters } from '../base/metrics.ts';
import { currentBootId } from './boot-file.ts';
import { withDurableCopy } from './durable-copy.ts';
import type { EpochFile } from './epoch-file.ts';
import type { Keep } from './segment-chain.ts';

export interface JournalOptions {
  /** The data folder, locked by the caller (lock.ts): `epoch` and `journal/` are in it. */
  readonly directory: string;
  /** A segment ends before the group that would make it larger; a smaller budget makes smaller segments. */
  readonly segmentBytesMax: number;
  readonly budgetBytesMax: number;
  /** Of the disk, and of that of `sharedDirectory`; below it nothing is appended. */
  readonly reserveFreeBytes: number;
  /** The embedded engine's data: it must not run out of disk. */
  readonly sharedDirectory?: string;
  /** Kept for readers after it is in ClickHouse; given up before an append is refused. */
  readonly keepBytesPastCheckpoint: number;
  /** In fsync mode all is kept for so long after it is in ClickHouse; given up before an append is refused. */
  readonly keepMsPastCheckpoint: number;
  /** Of the newest rows, kept in memory twice over for the table writer; none by default. */
  readonly recentBytes?: number;
  readonly durability: 'process' | 'fsync';
  /** What the table writer's state says; null if nothing was inserted yet. */
  readonly checkpoint: number | null;
  /** The epoch and first seq of the shared log that it is a replica of: what it has begun is then never another. */
  readonly replicaOf?: Pick<EpochFile, 'epoch' | 'firstSeq'>;
  /** Begin a new epoch behind all that was ever written (`sluice adopt`); the old one's tail stays readable. */
  readonly newEpoch?: boolean;
  /** Keep what is good before any damage, and begin a new epoch (`sluice recover`). */
  readonly isForced?: boolean;
  readonly counters?: Pick<Counters, 'commits' | 'syncs'>;
  readonly log: Log;
}

export interface JournalParts {
  readonly files: FilePort;
  /** Wall clock, in ms. */
  readonly now: () => number;
  /** Of this boot of the machine; null if there is none. */
  readonly bootId: string | null;
  /** A clock that never steps back, in ms. */
  readonly elapsedMs: () => number;
}

/** `copyFolder`: see durable-copy.ts. */
export function thisMachine(copyFolder: string | null = null): JournalParts {
  const files = copyFolder === null ? nodeFiles : withDurableCopy(nodeFiles, copyFolder);
  return { files, now: Date.now, bootId: currentBootId(), elapsedMs: () => performance.now() };
}

/** What trim leaves at a time, in ms. */
export function keepOf(options: JournalOptions, now: number): Keep {
  const { durability, keepBytesPastCheckpoint, keepMsPastCheckpoint } = options;
  const insertedBefore = durability === 'fsync' ? now - keepMsPastCheckpoint : Number.POSITIVE_INFINITY;
  return { bytes: keepBytesPastCheckpoint, insertedBefore };
}
