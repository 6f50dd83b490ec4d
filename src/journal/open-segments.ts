/**
 * Opens the segments for writing: those of the last run, those of a first run, or behind the old ones a new epoch's.
 * The first segment of an epoch is made before the epoch file names it, so that recovery can tell a half-made epoch.
 */
import { randomUUID } from 'node:crypto';
import { StartRefused } from '../base/errors.ts';
import { codeOf, type FilePort } from '../base/file-port.ts';
import type { AppliedMark } from '../event-log/replica-log.ts';
import { nothingApplied } from './applied-marks.ts';
import { writeBootFile } from './boot-file.ts';
import { type EpochFile, writeEpochFile } from './epoch-file.ts';
import { ParkedRecords } from './parked-records.ts';
import { type Moment, type Recovered, type RecoverRequest, recover } from './recover.ts';
import { createSegment, type Segment, segmentsDirectory, type WritableSegment } from './segment.ts';
import { type Aside, nothingAside } from './set-aside.ts';

export interface OpenRequest extends RecoverRequest {
  /** All up to it is in ClickHouse. */
  readonly checkpoint: number | null;
  /** Begin a new epoch in any case. */
  readonly newEpoch?: boolean;
}

export interface OpenSegments {
  readonly identity: EpochFile;
  readonly segments: Segment[];
  /** The last of them. */
  readonly active: WritableSegment;
  /** What was damaged, and moved out of the way. */
  readonly aside: Aside;
  readonly parked: ParkedRecords;
  /** Of a replica; null for any other journal. */
  readonly applied: AppliedMark | null;
}

/** Throws StartRefused. */
export function openSegments(request: OpenRequest, files: FilePort, moment: Moment): OpenSegments {
  const { directory, durability } = request;
  try {
    const recovered = recover(files, request, moment);
    const opened = open(files, request, recovered, moment.now);
    recovered?.finish();
    writeBootFile(files, directory, { version: 1, bootId: moment.bootId, durability, phase: 'running' });
    const first = request.replicaOf === undefined ? null : nothingApplied;
    return {
      ...opened,
      aside: recovered?.aside ?? nothingAside,
      parked: recovered?.parked ?? new ParkedRecords(),
      applied: recovered?.applied ?? first,
    };
  } catch (error) {
    if (error instanceof StartRefused || codeOf(error) === '') throw error;
    const reason = error instanceof Error ? error.message : codeOf(error);
    throw new StartRefused(`The journal in ${segmentsDirectory(directory)} cannot be opened: ${reason}`, {
      cause: error,
    });
  }
}

type Opened = Omit<OpenSegments, 'aside' | 'parked' | 'applied'>;

function open(files: FilePort, request: OpenRequest, recovered: Recovered | null, now: number): Opened {
  const checkpoint = request.checkpoint ?? 0;
  const segment = recovered?.segments.at(-1);
  const isNew = request.newEpoch === true || recovered === null || recovered.needsNewEpoch;
  if (isNew || recovered.identity === null || segment === undefined) {
    return beginEpoch(files, request, recovered, checkpoint, now);
  }
  checkReplica(request, recovered.identity);
  checkCheckpoint(checkpoint, segment.lastSeq);
  const { identity, segments } = recovered;
  return { identity, segments, active: { segment, file: files.open(segment.path, 'change') } };
}

const seqsPerSecond = 2 ** 20;

/** Where an epoch begins at this time, in ms of the clock. */
export function firstSeqAt(now: number): number {
  return Math.floor(now / 1000) * seqsPerSecond + 1;
}

/** A year before numbers end that are exact: in 2241. */
const secondMax = Math.floor(Number.MAX_SAFE_INTEGER / seqsPerSecond) - 366 * 24 * 60 * 60;

/**
 * Above all that this folder or, by the clock, another one has written to the same database. Where the clock is not
 * ahead of the epoch before (two begun in one second, or a clock that was set back), the next second's seqs are taken,
 * not the next seq: of those that followed what is left of that epoch some may have been given out, and lost from here.
 */
function beginEpoch(
  files: FilePort,
  { directory: dataDir, replicaOf }: OpenRequest,
  recovered: Recovered | null,
  checkpoint: number,
  now: number,
): Opened {
  const segments = recovered?.segments ?? [];
  const identity = recovered?.identity ?? null;
  const head = Math.max(
    segments.at(-1)?.lastSeq ?? 0,
    identity?.firstSeq ?? 0,
    checkpoint,
    recovered?.aside.newestSeq ?? 0,
  );
  const second = Math.max(Math.floor(head / seqsPerSecond) + 1, Math.floor(now / 1000));
  if (second > secondMax) {
    const clock = new Date(now).toISOString();
    throw new StartRefused(
      `This machine's clock says ${clock}, too far ahead to number events by. Set it right first.`,
    );
  }
  const begun: EpochFile = {
    version: 1,
    owner: identity?.owner ?? randomUUID(),
    epoch: replicaOf?.epoch ?? randomUUID(),
    firstSeq: replicaOf?.firstSeq ?? firstSeqAt(second * 1000),
    created: new Date(now).toISOString(),
  };
  const active = createSegment(files, segmentsDirectory(dataDir), begun.epoch, begun.firstSeq, true);
  writeEpochFile(files, dataDir, begun);
  return { identity: begun, segments: [...segments, active.segment], active };
}

/** A folder is a replica of one shared log for ever, or none. */
function checkReplica({ replicaOf, directory }: OpenRequest, { epoch }: EpochFile): void {
  if (replicaOf === undefined || replicaOf.epoch === epoch) return;
  throw new StartRefused(
    `The folder ${directory} is of epoch ${epoch}, and the shared log of ${replicaOf.epoch}: ` +
      'they do not belong together.',
  );
}

function checkCheckpoint(checkpoint: number, head: number): void {
  if (checkpoint <= head) return;
  throw new StartRefused(
    `The table writer's state says that ClickHouse has all events up to seq ${checkpoint}, ` +
      `but the journal ends at ${head}: its end was lost, by a power cut or an older copy of it. ` +
      '`sluice adopt` goes on with a new epoch.',
  );
}
