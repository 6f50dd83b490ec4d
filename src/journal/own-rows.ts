/**
 * Events among the journal's records, with what their kinds say: own ones did not come from a Prefect server. What came
 * from it is then passed over without a look at its row.
 */
import { Failure } from '../base/errors.ts';
import type { FilePort } from '../base/file-port.ts';
import { claimedBytes, recordHeaderBytes, recordKind, recordSeq } from '../base/record.ts';
import { scanRecords } from '../base/scan-records.ts';
import type { VisitMarked } from '../event-log/marked-rows.ts';
import type { VisitOwn } from '../event-log/own-events.ts';
import type { FileCache } from './file-cache.ts';
import { isEventKind, isOwnEventKind, tagBefore, tagBytesOf } from './record-kinds.ts';
import { isEmpty, type Segment } from './segment.ts';

/** Of records back to back, all whole. */
export function visitOwn(records: Buffer, bytes: number, visit: VisitOwn): void {
  for (let at = 0; at < bytes; ) {
    const end = at + claimedBytes(records, at);
    const kind = recordKind(records, at);
    if (isOwnEventKind(kind)) visit(records, at + recordHeaderBytes, end - tagBytesOf(kind) - 1);
    at = end;
  }
}

export interface OwnRequest {
  readonly from: number;
  readonly upTo: number;
  /** Of the journal, about. */
  readonly bytesMax: number;
}

/** See OwnEvents. Reads one segment at most. */
export function readOwn(
  files: FilePort,
  cache: FileCache,
  segments: readonly Segment[],
  request: OwnRequest,
  visit: VisitOwn,
): number {
  return readEvents(files, cache, segments, request, (records, at, bytes) => {
    const kind = recordKind(records, at);
    if (isOwnEventKind(kind)) visit(records, at + recordHeaderBytes, at + bytes - tagBytesOf(kind) - 1);
  });
}

/** See MarkedRows. Reads one segment at most. */
export function readMarked(
  files: FilePort,
  cache: FileCache,
  segments: readonly Segment[],
  request: OwnRequest,
  visit: VisitMarked,
): number {
  return readEvents(files, cache, segments, request, (records, at, bytes) => {
    const kind = recordKind(records, at);
    const end = at + bytes;
    const tag = tagBefore(kind, records, end);
    const rowEnd = end - tagBytesOf(kind);
    visit(records, at + recordHeaderBytes, rowEnd, recordSeq(records, at), tag, !isOwnEventKind(kind));
  });
}

/** Visits the records of events; one begins at `at` and takes so many bytes. */
function readEvents(
  files: FilePort,
  cache: FileCache,
  segments: readonly Segment[],
  { from, upTo, bytesMax }: OwnRequest,
  visit: (records: Buffer, at: number, bytes: number) => void,
): number {
  const segment = segments.find((one) => one.lastSeq >= from && !isEmpty(one));
  if (segment === undefined || segment.firstSeq > upTo) return upTo;
  const start = segment.index.floor(from);
  const end = segment.index.ceiling(upTo) ?? segment.bytes;
  let last = 0;
  for (let size = bytesMax; last < from; size *= 4) {
    const until = Math.min(end, start + size);
    const { offset, stopped } = scanRecords(files, cache.get(segment.path), start, until, (records, at, bytes) => {
      const kind = recordKind(records, at);
      const seq = recordSeq(records, at);
      if (!isEventKind(kind) || seq < from || seq > upTo) return;
      last = seq;
      visit(records, at, bytes);
    });
    if (stopped === 'harmed' || (until === end && last < from)) {
      throw new Failure('journalFailed', `The journal file ${segment.path} is damaged at byte ${offset}`);
    }
  }
  return last;
}
