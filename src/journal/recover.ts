/**
 * What the last run left, and how to go on from it (I1). A torn tail is cut. After a power cut, what was not synced is
 * missing anywhere: in fsync mode none of it was acknowledged, and it is cut; in process mode the journal ends at the
 * first bad place, the rest is set aside, and a new epoch begins. Any other damage is refused, until `sluice recover`
 * does the same by order.
 */
import { join } from 'node:path';
import { StartRefused } from '../base/errors.ts';
import { type FilePort, readFully } from '../base/file-port.ts';
import type { Log } from '../base/log.ts';
import { holdsRecord } from '../base/record.ts';
import type { AppliedMark } from '../event-log/replica-log.ts';
import { cutUnmarked } from './applied-marks.ts';
import { powerCutIn } from './boot-file.ts';
import { type EpochFile, epochPath, readEpochFile } from './epoch-file.ts';
import type { ParkedRecords } from './parked-records.ts';
import { firstSeqOfName, type Segment, segmentName, segmentsDirectory } from './segment.ts';
import { decodeSegmentHeader, segmentHeaderBytes } from './segment-header.ts';
import { type Aside, cutFile, nothingAside, setAside } from './set-aside.ts';
import { type Damage, survey } from './survey.ts';

export interface RecoverRequest {
  /** The data folder. */
  readonly directory: string;
  readonly durability: 'process' | 'fsync';
  /** `sluice recover`: whatever is damaged, keep what is good before it, and begin a new epoch. */
  readonly isForced?: boolean;
  /** See JournalOptions. */
  readonly replicaOf?: Pick<EpochFile, 'epoch' | 'firstSeq'>;
  readonly log: Log;
}

/** Of the machine, not of the folder. */
export interface Moment {
  /** Wall clock, in ms. */
  readonly now: number;
  readonly bootId: string | null;
}

export interface Recovered {
  /** Null only if it was lost, and `isForced`. */
  readonly identity: EpochFile | null;
  /** In seq order. */
  readonly segments: Segment[];
  /** Seqs may have been given out that are gone from here: they must not be given again. */
  readonly needsNewEpoch: boolean;
  readonly aside: Aside;
  readonly parked: ParkedRecords;
  /** Of a replica; null for any other journal. */
  readonly applied: AppliedMark | null;
  /** To be called when the new epoch has begun: until then the next start finds the same damage. */
  finish(): void;
}

/**
 * Null for a folder in which no journal was finished yet. Throws StartRefused. In fsync mode all that is found is
 * durable then.
 */
export function recover(files: FilePort, request: RecoverRequest, moment: Moment): Recovered | null {
  const { directory: dataDir, isForced = false, replicaOf, log } = request;
  const directory = segmentsDirectory(dataDir);
  files.makeDirectory(directory);
  const identity = readIdentity(files, dataDir, isForced);
  const paths = segmentPaths(files, directory);
  if (identity === null && !isForced) {
    removeUnborn(files, dataDir, paths);
    return null;
  }
  if (identity !== null && paths.length > 1 && isHalfMade(files, paths.at(-1)!, identity)) {
    log.warn({ file: paths.at(-1) }, 'a journal file that was never written to is removed');
    files.unlink(paths.pop()!);
  }
  const applied = replicaOf === undefined ? null : cutUnmarked(files, paths, replicaOf.firstSeq, log);
  const cutIn = powerCutIn(files, dataDir, moment.bootId);
  const isPowerCut = cutIn !== null;
  const found = survey(files, paths);
  if (isPowerCut) log.warn({ durability: cutIn }, 'the machine went down without a clean stop of Sluice');
  const isLossy = applied === null && (isForced || cutIn === 'process');
  if (!isLossy) {
    if (found.damage !== null) cutOrRefuse(files, found.damage, isPowerCut, log);
    refuseStrange(found.segments.at(-1), identity, dataDir);
  }
  const moved =
    isLossy && found.damage !== null ? setAside(files, directory, { ...moment, paths, damage: found.damage }) : null;
  if (moved !== null) log.error({ ...moved.aside, damage: found.damage }, 'what lies behind the damage is set aside');
  if (request.durability === 'fsync') syncAll(files, directory, found.segments);
  const finish = (): void => moved?.finish();
  return {
    identity,
    segments: found.segments,
    needsNewEpoch: isLossy,
    aside: moved?.aside ?? nothingAside,
    parked: found.parked,
    applied,
    finish,
  };
}

function readIdentity(files: FilePort, dataDir: string, isForced: boolean): EpochFile | null {
  try {
    return readEpochFile(files, dataDir);
  } catch (error) {
    if (isForced && error instanceof StartRefused) return null;
    throw error;
  }
}

function segmentPaths(files: FilePort, directory: string): string[] {
  const firstSeqs = files.list(directory).flatMap((name) => firstSeqOfName(name) ?? []);
  return firstSeqs.sort((a, b) => a - b).map((firstSeq) => join(directory, segmentName(firstSeq)));
}

/** The epoch file is written after the first segment: without it there is at most one, empty. */
function removeUnborn(files: FilePort, dataDir: string, paths: readonly string[]): void {
  const isUnborn = paths.length <= 1 && paths.every((path) => !holdsRecord(readStart(files, path)));
  if (!isUnborn) {
    throw new StartRefused(
      `The file ${epochPath(dataDir)} is missing, but the journal beside it holds events. ${wayOn} as a new owner.`,
    );
  }
  for (const path of paths) files.unlink(path);
}

/**
 * The last file, killed before its header was whole or, for a new epoch, before the epoch file named it: nothing was
 * committed in it.
 */
function isHalfMade(files: FilePort, path: string, identity: EpochFile): boolean {
  const header = decodeSegmentHeader(readStart(files, path, segmentHeaderBytes));
  const isForeign = header !== null && header.epoch !== identity.epoch && header.firstSeq > identity.firstSeq;
  return (header === null || isForeign) && !holdsRecord(readStart(files, path));
}

const wayOn = 'Restore both from a copy of the data folder, or `sluice recover` goes on with a new epoch';

function refuseStrange(last: Segment | undefined, identity: EpochFile | null, dataDir: string): void {
  const path = epochPath(dataDir);
  if (last === undefined) {
    throw new StartRefused(
      `The journal's files are missing from ${segmentsDirectory(dataDir)}, ` +
        `though ${path} says that there were some. ${wayOn}.`,
    );
  }
  if (last.epoch !== identity?.epoch) {
    throw new StartRefused(
      `The journal file ${last.path} belongs to epoch ${last.epoch}, but ${path} says ${identity?.epoch}: ` +
        `they are of two data folders. ${wayOn}.`,
    );
  }
}

function cutOrRefuse(files: FilePort, damage: Damage, isPowerCut: boolean, log: Log): void {
  const { path, offset, goodUpTo, what, kind } = damage;
  if (kind === 'torn' || (kind === 'unsynced' && isPowerCut)) {
    cutFile(files, path, offset);
    log.warn({ file: path, offset, lastSeq: goodUpTo }, 'the journal ended in an unfinished write, which is cut');
    return;
  }
  throw new StartRefused(
    `The journal file ${path} is damaged at byte ${offset} (${what}). ` +
      `All is good up to seq ${goodUpTo}, and can be saved. ` +
      `${wayOn} behind it, and moves the rest to journal/damaged.`,
  );
}

function syncAll(files: FilePort, directory: string, segments: readonly Segment[]): void {
  for (const { path } of segments) {
    const file = files.open(path, 'change');
    try {
      files.sync(file);
    } finally {
      files.close(file);
    }
  }
  files.syncDirectory(directory);
}

function readStart(files: FilePort, path: string, bytesMax = Number.MAX_SAFE_INTEGER): Buffer {
  const file = files.open(path, 'read');
  try {
    const bytes = Buffer.alloc(Math.min(bytesMax, files.bytes(file)));
    return bytes.subarray(0, readFully(files, file, bytes, 0, bytes.length, 0));
  } finally {
    files.close(file);
  }
}
