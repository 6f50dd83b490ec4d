/**
 * Looks at every segment that the last run left, and changes nothing: which of them are whole, and the first
 * place where something is wrong (I1: no committed record is ever silently wrong or missing).
 */

import { StartRefused } from '../base/errors.ts';
import { type FilePort, readFully } from '../base/file-port.ts';
import {
  findRecords,
  recordHeaderBytes,
  recordKind,
  recordSeq,
  recordVersion,
  recordVersionOf,
} from '../base/record.ts';
import { scanRecords } from '../base/scan-records.ts';
import { ParkedRecords } from './parked-records.ts';
import { isEventKind, isParkedKind, recordKinds } from './record-kinds.ts';
import { emptySegment, firstSeqOf, type Segment } from './segment.ts';
import { decodeSegmentHeader, segmentHeaderBytes, segmentVersion } from './segment-header.ts';

export interface Damage {
  /** Index of the file in which it is, or before which a file is missing. */
  readonly nth: number;
  readonly path: string;
  /** Bytes of the file that are good. */
  readonly offset: number;
  readonly goodUpTo: number;
  readonly what: string;
  /**
   * torn: an unfinished write at the journal's end. unsynced: whole records follow, but nothing says that the bad one
   * was ever synced. harmed: anything else.
   */
  readonly kind: 'torn' | 'unsynced' | 'harmed';
}

export interface Survey {
  /**
   * Whole, in seq order, up to the damage: its segment is the last one, as far as it is good, unless nothing of it is.
   */
  readonly segments: Segment[];
  readonly damage: Damage | null;
  /** Of all that is good. */
  readonly parked: ParkedRecords;
}

/** `paths` in seq order. Throws StartRefused for a format of a newer version. */
export function survey(files: FilePort, paths: readonly string[]): Survey {
  const segments: Segment[] = [];
  const parked = new ParkedRecords();
  let damage: Damage | null = null;
  for (const [nth, path] of paths.entries()) {
    const found = lookAt(files, path, parked, { nth, isLast: nth === paths.length - 1 });
    damage = misplaced(found.segment, segments.at(-1), path, nth) ?? found.damage;
    if (found.segment !== null && (damage === null || damage === found.damage)) segments.push(found.segment);
    if (damage !== null) break;
  }
  return { segments, damage, parked };
}

interface Found {
  /** Null if not even its header is good. */
  readonly segment: Segment | null;
  readonly damage: Damage | null;
}

function lookAt(
  files: FilePort,
  path: string,
  parked: ParkedRecords,
  { nth, isLast }: { readonly nth: number; readonly isLast: boolean },
): Found {
  const file = files.open(path, 'read');
  try {
    const segment = readHeader(files, file, path);
    if (segment === null) {
      const what = 'its header is not as written';
      const goodUpTo = (firstSeqOf(path) ?? 0) - 1;
      return { segment, damage: { nth, path, offset: 0, goodUpTo, what, kind: 'harmed' } };
    }
    const size = files.bytes(file);
    let what = 'a record is not as written';
    try {
      const { stopped } = scanRecords(files, file, segmentHeaderBytes, size, (buffer, at, bytes, begins) => {
        take(segment, parked, buffer.subarray(at, at + bytes), begins);
        segment.bytes = begins + bytes;
      });
      if (stopped === null) return { segment, damage: null };
    } catch (error) {
      if (!(error instanceof OutOfOrder)) throw error;
      what = error.message;
    }
    const kind = judgeTail(files, file, segment, size, isLast);
    if (kind === 'end') return { segment, damage: null };
    return { segment, damage: { nth, path, offset: segment.bytes, goodUpTo: segment.lastSeq, what, kind } };
  } finally {
    files.close(file);
  }
}

function readHeader(files: FilePort, file: number, path: string): Segment | null {
  const bytes = Buffer.alloc(segmentHeaderBytes);
  const header = decodeSegmentHeader(bytes.subarray(0, readFully(files, file, bytes, 0, segmentHeaderBytes, 0)));
  if (header === null || header.firstSeq !== firstSeqOf(path)) return null;
  if (header.version !== segmentVersion) throw newer(path, `format version ${header.version}`);
  return emptySegment(path, header.epoch, header.firstSeq);
}

class OutOfOrder extends Error {}

function take(segment: Segment, parked: ParkedRecords, record: Buffer, offset: number): void {
  const kind = recordKind(record, 0);
  const seq = recordSeq(record, 0);
  if (recordVersionOf(record, 0) !== recordVersion) {
    throw newer(segment.path, `record version ${recordVersionOf(record, 0)}`);
  }
  if (isEventKind(kind)) {
    if (seq !== segment.lastSeq + 1) throw new OutOfOrder(`seq ${seq} is out of order`);
    segment.lastSeq = seq;
    segment.index.note(seq, offset);
    return;
  }
  switch (kind) {
    case recordKinds.cleanStop:
    case recordKinds.applied:
    case recordKinds.synced:
      if (kind === recordKinds.synced ? seq > segment.lastSeq : seq !== segment.lastSeq) {
        throw new OutOfOrder(`a mark of seq ${seq} is out of order`);
      }
      return;
    case recordKinds.parked:
    case recordKinds.taggedParked:
    case recordKinds.parkedFromPrefect:
    case recordKinds.taggedParkedFromPrefect:
    case recordKinds.parkedSettled: {
      if (seq !== segment.lastSeq) throw new OutOfOrder(`a parked event behind seq ${seq} is out of order`);
      const number = parked.take(kind, record.subarray(recordHeaderBytes));
      if (isParkedKind(kind)) segment.lastParked = Math.max(segment.lastParked, number);
      return;
    }
    default: // what comes from a disk is no closed type
      throw newer(segment.path, `records of kind ${kind}`);
  }
}

/** What stands behind the last good record: zeros are the end. */
function judgeTail(
  files: FilePort,
  file: number,
  segment: Segment,
  size: number,
  isLast: boolean,
): 'end' | Damage['kind'] {
  const tail = Buffer.alloc(size - segment.bytes);
  readFully(files, file, tail, 0, tail.length, segment.bytes);
  if (isZero(tail)) return 'end';
  if (!isLast) return 'harmed';
  let isTorn = true;
  for (const at of findRecords(tail)) {
    // A whole record that stands at the very beginning is the bad one itself, out of order.
    isTorn = false;
    const kind = recordKind(tail, at);
    const isMark = kind === recordKinds.cleanStop || kind === recordKinds.synced;
    if (isMark && recordSeq(tail, at) > segment.lastSeq) return 'harmed';
  }
  return isTorn ? 'torn' : 'unsynced';
}

function misplaced(segment: Segment | null, before: Segment | undefined, path: string, nth: number): Damage | null {
  if (segment === null || before === undefined) return null;
  const follows =
    segment.epoch === before.epoch ? segment.firstSeq === before.lastSeq + 1 : segment.firstSeq > before.lastSeq;
  if (follows) return null;
  const what = `the file before it ends at seq ${before.lastSeq}: a file is missing or cut`;
  return { nth, path, offset: 0, goodUpTo: before.lastSeq, what, kind: 'harmed' };
}

const zeros = Buffer.alloc(64 * 1024);

function isZero(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += zeros.length) {
    const block = bytes.subarray(at, at + zeros.length);
    if (!block.equals(zeros.subarray(0, block.length))) return false;
  }
  return true;
}

function newer(path: string, what: string): StartRefused {
  return new StartRefused(
    `The journal file ${path} holds ${what}, which this version of Sluice does not know. ` +
      'Start the newer version that wrote it.',
  );
}
