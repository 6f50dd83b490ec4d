/**
 * A segment: one file `<first seq, 20 digits>.seg` of the journal, a header and then records in seq order.
 */
import { basename, join } from 'node:path';
import { Failure } from '../base/errors.ts';
import { failPoint } from '../base/fail-point.ts';
import { codeOf, type FilePort, writeAll } from '../base/file-port.ts';
import { encodeSegmentHeader, segmentHeaderBytes } from './segment-header.ts';
import { SparseIndex } from './sparse-index.ts';

export interface Segment {
  readonly path: string;
  readonly epoch: string;
  readonly firstSeq: number;
  /** The newest committed seq in it; firstSeq - 1 while it is empty. */
  lastSeq: number;
  /** All that is committed; the file may go on behind it. */
  bytes: number;
  /** Wall clock in ms when all of it was first known to be in ClickHouse; null before. */
  insertedAt: number | null;
  /** The highest number of a parked event in it; 0 if there is none. */
  lastParked: number;
  readonly index: SparseIndex;
}

/** An epoch that ended before its first event leaves one behind. */
export function isEmpty({ firstSeq, lastSeq }: Segment): boolean {
  return lastSeq < firstSeq;
}

export interface WritableSegment {
  readonly segment: Segment;
  readonly file: number;
}

export function segmentsDirectory(dataDir: string): string {
  return join(dataDir, 'journal');
}

export function segmentName(firstSeq: number): string {
  return `${String(firstSeq).padStart(20, '0')}.seg`;
}

/** The first seq that a file's name says; null if it is no segment's name. */
export function firstSeqOfName(name: string): number | null {
  const seq = /^(\d{20})\.seg$/.exec(name)?.[1];
  return seq === undefined ? null : Number(seq);
}

/** Of a path. */
export function firstSeqOf(path: string): number | null {
  return firstSeqOfName(basename(path));
}

export function emptySegment(path: string, epoch: string, firstSeq: number): Segment {
  return {
    path,
    epoch,
    firstSeq,
    lastSeq: firstSeq - 1,
    bytes: segmentHeaderBytes,
    insertedAt: null,
    lastParked: 0,
    index: new SparseIndex(segmentHeaderBytes),
  };
}

/**
 * Makes the file with its header, synced (its name too) if `sync`. Where it fails nothing is left, and the operating
 * system's error is thrown; a Failure if a file is left that recovery would not understand.
 */
export function createSegment(
  files: FilePort,
  directory: string,
  epoch: string,
  firstSeq: number,
  sync: boolean,
): WritableSegment {
  const path = join(directory, segmentName(firstSeq));
  const file = files.open(path, 'create');
  failPoint('segment-created');
  try {
    // Here a file could be filled with zeros beforehand, for a cheaper fdatasync: recovery takes zeros for the end.
    writeAll(files, file, encodeSegmentHeader(epoch, firstSeq), segmentHeaderBytes, 0);
    if (sync) {
      files.sync(file);
      files.syncDirectory(directory);
    }
  } catch (error) {
    removeHalfMade(files, file, path, error);
    if (sync) files.syncDirectory(directory);
    throw error;
  }
  return { segment: emptySegment(path, epoch, firstSeq), file };
}

function removeHalfMade(files: FilePort, file: number, path: string, cause: unknown): void {
  try {
    files.close(file);
    files.unlink(path);
  } catch (error) {
    throw new Failure(
      'journalFailed',
      `The journal could make no new file (${codeOf(cause)}) nor clean up (${codeOf(error)}); ` +
        'restart Sluice when the disk is well.',
      { cause },
    );
  }
}
