/**
 * Reads id, times and tag of every event in a segment, without decoding the rest of its row.
 */
import { Failure } from '../base/errors.ts';
import type { FilePort } from '../base/file-port.ts';
import { recordHeaderBytes, recordKind, recordSeq } from '../base/record.ts';
import { scanRecords } from '../base/scan-records.ts';
import type { VisitId } from '../event-log/log-reader.ts';
import { idAt, idCharacters, timeCharacters } from '../event-log/row.ts';
import { isEventKind, tagBefore } from './record-kinds.ts';
import type { Segment } from './segment.ts';
import { segmentHeaderBytes } from './segment-header.ts';

const receivedFromId = idCharacters + 1;
const occurredFromId = receivedFromId + timeCharacters + 1;

/** In seq order. Throws Failure journalFailed if a record is not as written. */
export function scanIds(files: FilePort, file: number, segment: Segment, visit: VisitId): void {
  const { offset, stopped } = scanRecords(files, file, segmentHeaderBytes, segment.bytes, (buffer, at, bytes) => {
    const kind = recordKind(buffer, at);
    if (!isEventKind(kind)) return;
    const id = idAt(buffer, at + recordHeaderBytes);
    const received = id + receivedFromId;
    const occurred = id + occurredFromId;
    visit(
      buffer.toString('latin1', id, id + idCharacters),
      buffer.toString('latin1', occurred, occurred + timeCharacters),
      recordSeq(buffer, at),
      buffer.toString('latin1', received, received + timeCharacters),
      tagBefore(kind, buffer, at + bytes),
    );
  });
  if (stopped === null) return;
  throw new Failure('journalFailed', `The journal file ${segment.path} is damaged at byte ${offset}`);
}
