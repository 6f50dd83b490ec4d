/**
 * Walks the records of a segment from front to back, in blocks, each record checked.
 */
import { type FilePort, readFully } from './file-port.ts';
import { claimedBytes, harmed, incomplete, recordBytes, recordHeaderBytes } from './record.ts';

const blockBytes = 1024 * 1024;

/** Called for each whole record: it begins in the buffer at `at`, takes `bytes`, and lies in the file at `offset`. */
export type VisitRecord = (buffer: Buffer, at: number, bytes: number, offset: number) => void;

export interface ScanEnd {
  /** Where the last good record ends. */
  readonly offset: number;
  /** Why the walk ended before `end`; null if it did not. */
  readonly stopped: 'incomplete' | 'harmed' | null;
}

/** Visits the records from offset `start` up to `end`, or up to the first that is not whole. */
export function scanRecords(files: FilePort, file: number, start: number, end: number, visit: VisitRecord): ScanEnd {
  let buffer = Buffer.allocUnsafe(Math.min(blockBytes, end - start));
  let offset = start;
  while (offset < end) {
    const wanted = Math.min(buffer.length, end - offset);
    const got = readFully(files, file, buffer, 0, wanted, offset);
    let at = 0;
    let bytes = recordBytes(buffer, at, got);
    while (bytes > 0) {
      visit(buffer, at, bytes, offset + at);
      at += bytes;
      bytes = at < got ? recordBytes(buffer, at, got) : incomplete;
    }
    offset += at;
    if (bytes === harmed) return { offset, stopped: 'harmed' };
    if (at > 0) continue;
    // Not one whole record in the block: it ends too early, or the block is too small for it.
    const needed = got < recordHeaderBytes ? recordHeaderBytes : claimedBytes(buffer, 0);
    if (got < wanted || offset + needed > end) return { offset, stopped: 'incomplete' };
    buffer = Buffer.allocUnsafe(needed);
  }
  return { offset, stopped: null };
}
