/**
 * How far a replica has applied the shared log, as records of its journal: each commit ends with one. Payload: u64
 * number of the newest message, u64 newest time of receipt in ms since 1970, and where others than 1 are in force u16
 * rules.
 *
 * A start cuts what stands behind the newest mark, and whatever lies behind damage: the shared log has all of it, and
 * it gets the same seqs again.
 */
import { StartRefused } from '../base/errors.ts';
import { type FilePort, readFully } from '../base/file-port.ts';
import type { Log } from '../base/log.ts';
import { recordHeaderBytes, recordKind, recordSeq, sealRecord } from '../base/record.ts';
import { scanRecords } from '../base/scan-records.ts';
import { readU64, writeU64 } from '../base/u64.ts';
import type { AppliedMark } from '../event-log/replica-log.ts';
import { isEventKind, recordKinds } from './record-kinds.ts';
import { decodeSegmentHeader, segmentHeaderBytes } from './segment-header.ts';
import { cutFile } from './set-aside.ts';

export const nothingApplied: AppliedMark = { stream: 0, receivedMs: 0 };

const markBytes = 16;
const markBytesMax = markBytes + 2;

/** Gives the bytes of the payload. */
export function encodeMark(buffer: Buffer, at: number, { stream, receivedMs, rules = 1 }: AppliedMark): number {
  writeU64(buffer, stream, at);
  writeU64(buffer, receivedMs, at + 8);
  if (rules === 1) return markBytes;
  buffer.writeUInt16LE(rules, at + markBytes);
  return markBytesMax;
}

/** Of a payload of so many bytes. */
export function decodeMark(buffer: Buffer, at: number, bytes: number): AppliedMark {
  const mark = { stream: readU64(buffer, at), receivedMs: readU64(buffer, at + 8) };
  return bytes < markBytesMax ? mark : { ...mark, rules: buffer.readUInt16LE(at + markBytes) };
}

/** The whole record; `seq` is that of the newest event. */
export function markRecord(seq: number, mark: AppliedMark): Buffer {
  const record = Buffer.alloc(recordHeaderBytes + markBytesMax);
  const bytes = encodeMark(record, recordHeaderBytes, mark);
  sealRecord(record, 0, recordKinds.applied, seq, bytes);
  return record.subarray(0, recordHeaderBytes + bytes);
}

/** Where the newest mark stands, and what it says. */
interface Found {
  readonly mark: AppliedMark;
  readonly nth: number;
  readonly end: number;
  /** The seq behind it. */
  readonly next: number;
}

/**
 * Leaves of a replica's files what its newest mark covers, and of `paths`, which are in the order of their seqs, those
 * that stay. Gives the mark. Throws StartRefused where files are there, and no mark.
 */
export function cutUnmarked(files: FilePort, paths: string[], firstSeq: number, log: Log): AppliedMark {
  let found: Found | null = null;
  let next = firstSeq;
  for (const [nth, path] of paths.entries()) {
    const scanned = scan(files, path, nth === 0 ? null : next);
    if (scanned === null) break;
    if (scanned.marked !== null) found = { ...scanned.marked, nth };
    next = scanned.next;
    if (!scanned.isWhole) break;
  }
  if (found === null) return cutAll(files, paths, firstSeq);
  if (next !== found.next) log.warn({ ...found.mark, events: next - found.next }, 'a replica is cut back to its mark');
  cutFile(files, paths[found.nth]!, found.end);
  for (const path of paths.splice(found.nth + 1).reverse()) files.unlink(path);
  return found.mark;
}

/** Null if it is not the file that begins with this seq. */
function scan(files: FilePort, path: string, expected: number | null) {
  const file = files.open(path, 'read');
  try {
    const head = Buffer.alloc(segmentHeaderBytes);
    const header = decodeSegmentHeader(head.subarray(0, readFully(files, file, head, 0, head.length, 0)));
    if (header === null || (expected !== null && header.firstSeq !== expected)) return null;
    let next = header.firstSeq;
    let marked: Omit<Found, 'nth'> | null = null;
    let isInOrder = true;
    const { stopped } = scanRecords(files, file, segmentHeaderBytes, files.bytes(file), (buffer, at, bytes, offset) => {
      const kind = recordKind(buffer, at);
      if (isEventKind(kind)) {
        isInOrder &&= recordSeq(buffer, at) === next;
        next += 1;
      }
      if (kind !== recordKinds.applied || !isInOrder || recordSeq(buffer, at) !== next - 1) return;
      marked = {
        mark: decodeMark(buffer, at + recordHeaderBytes, bytes - recordHeaderBytes),
        end: offset + bytes,
        next,
      };
    });
    return { next, marked: marked as Omit<Found, 'nth'> | null, isWhole: stopped === null && isInOrder }; // set above
  } finally {
    files.close(file);
  }
}

/** Nothing was applied yet. */
function cutAll(files: FilePort, paths: string[], firstSeq: number): AppliedMark {
  const [first] = paths;
  if (first === undefined) return nothingApplied;
  const scanned = scan(files, first, firstSeq);
  if (scanned === null) {
    throw new StartRefused(
      `The replica's file ${first} says no more how far the shared log is applied. ` +
        "Remove the replica's folder: it is built anew.",
    );
  }
  cutFile(files, first, segmentHeaderBytes);
  for (const path of paths.splice(1).reverse()) files.unlink(path);
  return nothingApplied;
}
