/**
 * What the last run left: checks every kept segment, cuts a torn tail, and refuses the start for any other damage, so that
 * no committed record is ever silently wrong or missing (I1).
 */
import { join } from 'node:path';
import { StartRefused } from '../errors.ts';
import type { Log } from '../log.ts';
import { type EpochFile, epochPath, readEpochFile } from './epoch-file.ts';
import { type FilePort, readFully } from './file-port.ts';
import { holdsRecord, recordKind, recordKinds, recordSeq, recordVersion, recordVersionOf } from './record.ts';
import { scanSegment } from './scan-segment.ts';
import { emptySegment, firstSeqOfName, type Segment, segmentName, segmentsDirectory } from './segment.ts';
import { decodeSegmentHeader, segmentHeaderBytes, segmentVersion } from './segment-header.ts';

export interface Recovered {
  readonly identity: EpochFile;
  /** In seq order; the last one is the one to be written on. */
  readonly segments: Segment[];
}

/** Null for a folder in which no journal was finished yet. Throws StartRefused. `sync` makes all that is found durable. */
export function recover(files: FilePort, dataDir: string, sync: boolean, log: Log): Recovered | null {
  const directory = segmentsDirectory(dataDir);
  files.makeDirectory(directory);
  const identity = readEpochFile(files, dataDir);
  const firstSeqs = files
    .list(directory)
    .flatMap((name) => firstSeqOfName(name) ?? [])
    .sort((a, b) => a - b);
  const paths = firstSeqs.map((firstSeq) => join(directory, segmentName(firstSeq)));
  if (identity === null) {
    removeUnborn(files, dataDir, paths);
    return null;
  }
  if (paths.length > 1 && isHalfMade(files, paths.at(-1)!, identity)) {
    log.warn({ file: paths.at(-1) }, 'a journal file that was never written to is removed');
    files.unlink(paths.pop()!);
  }
  if (paths.length === 0) {
    throw new StartRefused(
      `The journal's files are missing from ${directory}, though ${epochPath(dataDir)} says that there were some. Restore them from a copy of the data folder.`,
    );
  }
  const segments: Segment[] = [];
  paths.forEach((path, at) => {
    const isLast = at === paths.length - 1;
    const segment = recoverSegment(files, path, firstSeqs[at]!, isLast, sync, log);
    checkPlace(segment, segments.at(-1));
    segments.push(segment);
  });
  const last = segments.at(-1)!;
  if (last.epoch !== identity.epoch) {
    throw new StartRefused(
      `The journal file ${last.path} belongs to epoch ${last.epoch}, but ${epochPath(dataDir)} says ${identity.epoch}: they are of two data folders. Restore both from one copy.`,
    );
  }
  return { identity, segments };
}

/** The epoch file is written after the first segment: without it there is at most one, empty. */
function removeUnborn(files: FilePort, dataDir: string, paths: readonly string[]): void {
  const isUnborn = paths.length <= 1 && paths.every((path) => !holdsRecord(readStart(files, path)));
  if (!isUnborn) {
    throw new StartRefused(
      `The file ${epochPath(dataDir)} is missing, but the journal beside it holds events. Restore it from a copy of the data folder.`,
    );
  }
  for (const path of paths) files.unlink(path);
}

/** The last file, killed before its header was whole or, for a new epoch, before the epoch file named it: nothing was committed in it. */
function isHalfMade(files: FilePort, path: string, identity: EpochFile): boolean {
  const header = decodeSegmentHeader(readStart(files, path, segmentHeaderBytes));
  const isForeign = header !== null && header.epoch !== identity.epoch && header.firstSeq > identity.firstSeq;
  return (header === null || isForeign) && !holdsRecord(readStart(files, path));
}

function recoverSegment(
  files: FilePort,
  path: string,
  firstSeq: number,
  isLast: boolean,
  sync: boolean,
  log: Log,
): Segment {
  const file = files.open(path, 'change');
  try {
    const segment = readHeader(files, file, path, firstSeq);
    const size = files.bytes(file);
    const { offset, stopped } = scanSegment(files, file, segmentHeaderBytes, size, (buffer, at, bytes, begins) => {
      visitRecord(segment, buffer, at, begins);
      segment.bytes = begins + bytes;
    });
    if (stopped !== null) cutTail(files, file, segment, size, isLast, log);
    if (sync) files.sync(file);
    segment.bytes = offset;
    return segment;
  } finally {
    files.close(file);
  }
}

function readHeader(files: FilePort, file: number, path: string, firstSeq: number): Segment {
  const bytes = Buffer.alloc(segmentHeaderBytes);
  const header = decodeSegmentHeader(bytes.subarray(0, readFully(files, file, bytes, 0, segmentHeaderBytes, 0)));
  if (header === null || header.firstSeq !== firstSeq)
    throw damaged(path, 0, firstSeq - 1, 'its header is not as written');
  if (header.version !== segmentVersion) throw newer(path, `format version ${header.version}`);
  return emptySegment(path, header.epoch, firstSeq);
}

function visitRecord(segment: Segment, buffer: Buffer, at: number, offset: number): void {
  const kind = recordKind(buffer, at);
  const seq = recordSeq(buffer, at);
  if (recordVersionOf(buffer, at) !== recordVersion)
    throw newer(segment.path, `record version ${recordVersionOf(buffer, at)}`);
  switch (kind) {
    case recordKinds.event:
      if (seq !== segment.lastSeq + 1)
        throw damaged(segment.path, offset, segment.lastSeq, `seq ${seq} is out of order`);
      segment.lastSeq = seq;
      segment.index.note(seq, offset);
      return;
    case recordKinds.cleanStop:
      if (seq !== segment.lastSeq)
        throw damaged(segment.path, offset, segment.lastSeq, `a mark of seq ${seq} is out of order`);
      return;
    default: // what comes from a disk is no closed type
      throw newer(segment.path, `records of kind ${kind}`);
  }
}

/** Behind the last whole record: zeros are the end; an unfinished write at the journal's end is cut; anything else is damage. */
function cutTail(files: FilePort, file: number, segment: Segment, size: number, isLast: boolean, log: Log): void {
  const { path, bytes: offset, lastSeq } = segment;
  const tail = Buffer.alloc(size - offset);
  readFully(files, file, tail, 0, tail.length, offset);
  const isZero = tail.every((byte) => byte === 0);
  if (!isZero && (!isLast || holdsRecord(tail.subarray(1)))) {
    throw damaged(path, offset, lastSeq, 'a record is not as written');
  }
  if (!isLast) return;
  files.truncate(file, offset);
  if (isZero) return;
  log.warn(
    { file: path, offset, cutBytes: tail.length, lastSeq },
    'the journal ended in an unfinished write, which is cut',
  );
}

function checkPlace(segment: Segment, before: Segment | undefined): void {
  if (before === undefined) return;
  const follows =
    segment.epoch === before.epoch ? segment.firstSeq === before.lastSeq + 1 : segment.firstSeq > before.lastSeq;
  if (follows) return;
  throw new StartRefused(
    `The journal goes on with ${segment.path}, but the file before it ends at seq ${before.lastSeq}: a file is missing or cut. All is good up to seq ${before.lastSeq}. Restore the journal from a copy of the data folder.`,
  );
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

function damaged(path: string, offset: number, goodUpTo: number, what: string): StartRefused {
  return new StartRefused(
    `The journal file ${path} is damaged at byte ${offset} (${what}); all is good up to seq ${goodUpTo}. Restore the journal from a copy of the data folder.`,
  );
}

function newer(path: string, what: string): StartRefused {
  return new StartRefused(
    `The journal file ${path} holds ${what}, which this version of Sluice does not know. Start the newer version that wrote it.`,
  );
}
