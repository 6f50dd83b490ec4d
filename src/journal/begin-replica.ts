/**
 * Begins a replica in the middle of the shared log, behind what the store has: its first file begins there, with the
 * mark of how far it is applied. What the folder held before is gone. A file says that this is under way, so that a
 * start after a crash does it again.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type FilePort, openIfThere, writeAll } from '../base/file-port.ts';
import { replaceSmallFile } from '../base/small-file.ts';
import type { AppliedMark } from '../event-log/replica-log.ts';
import { markRecord } from './applied-marks.ts';
import { type EpochFile, epochPath, writeEpochFile } from './epoch-file.ts';
import { createSegment, firstSeqOfName, segmentsDirectory } from './segment.ts';
import { segmentHeaderBytes } from './segment-header.ts';

/** Where a replica may begin: the mark of the shared log, and the newest seq that was given by then. */
export interface ReplicaPlace extends AppliedMark {
  readonly seq: number;
}

const underWay = 'anew';

/** Whether a replica was begun in this folder, and its beginning did not come to an end. */
export function isHalfBegun(files: FilePort, directory: string): boolean {
  const file = openIfThere(files, join(directory, underWay), 'read');
  if (file !== null) files.close(file);
  return file !== null;
}

/** Throws what the disk throws. */
export function beginReplica(
  files: FilePort,
  directory: string,
  { epoch, firstSeq, after }: Pick<EpochFile, 'epoch' | 'firstSeq'> & { readonly after: EpochFile['after'] | null },
  { seq, ...mark }: ReplicaPlace,
  now: number,
): void {
  replaceSmallFile(files, directory, underWay, { version: 1 });
  const segments = segmentsDirectory(directory);
  files.makeDirectory(segments);
  for (const name of files.list(segments)) if (firstSeqOfName(name) !== null) files.unlink(join(segments, name));
  removeIfThere(files, epochPath(directory));
  const { file } = createSegment(files, segments, epoch, seq + 1, true);
  try {
    const record = markRecord(seq, mark);
    writeAll(files, file, record, record.length, segmentHeaderBytes);
    files.sync(file);
  } finally {
    files.close(file);
  }
  const created = new Date(now).toISOString();
  const identity: EpochFile = { version: 1, owner: randomUUID(), epoch, firstSeq, created };
  writeEpochFile(files, directory, after == null ? identity : { ...identity, after });
  files.unlink(join(directory, underWay));
  files.syncDirectory(directory);
}

function removeIfThere(files: FilePort, path: string): void {
  const file = openIfThere(files, path, 'read');
  if (file === null) return;
  files.close(file);
  files.unlink(path);
}
