/**
 * Reads id and times of every event in a segment, without decoding the rest of its row.
 */
import { Failure } from '../base/errors.ts';
import type { FilePort } from '../base/file-port.ts';
import { recordHeaderBytes, recordKind, recordKinds, recordSeq } from './record.ts';
import { idAt, idCharacters, timeCharacters } from './row.ts';
import { scanSegment } from './scan-segment.ts';
import type { Segment } from './segment.ts';
import { segmentHeaderBytes } from './segment-header.ts';

/** Both times as in the row. */
export type VisitId = (id: string, occurred: string, seq: number, received: string) => void;

const receivedFromId = idCharacters + 1;
const occurredFromId = receivedFromId + timeCharacters + 1;

/** In seq order. Throws Failure journalFailed if a record is not as written. */
export function scanIds(files: FilePort, file: number, segment: Segment, visit: VisitId): void {
  const { offset, stopped } = scanSegment(files, file, segmentHeaderBytes, segment.bytes, (buffer, at) => {
    if (recordKind(buffer, at) !== recordKinds.event) return;
    const id = idAt(buffer, at + recordHeaderBytes);
    const received = id + receivedFromId;
    const occurred = id + occurredFromId;
    visit(
      buffer.toString('latin1', id, id + idCharacters),
      buffer.toString('latin1', occurred, occurred + timeCharacters),
      recordSeq(buffer, at),
      buffer.toString('latin1', received, received + timeCharacters),
    );
  });
  if (stopped === null) return;
  throw new Failure('journalFailed', `The journal file ${segment.path} is damaged at byte ${offset}`);
}
