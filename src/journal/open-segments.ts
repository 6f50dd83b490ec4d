/**
 * Opens the segments for writing: those of the last run, those of a first run, or behind the old ones a new epoch's. The
 * first segment of an epoch is made before the epoch file names it, so that recovery can tell a half-made epoch.
 */
import { randomUUID } from 'node:crypto';
import { StartRefused } from '../errors.ts';
import type { Log } from '../log.ts';
import { type EpochFile, writeEpochFile } from './epoch-file.ts';
import { codeOf, type FilePort } from './file-port.ts';
import { type Recovered, recover } from './recover.ts';
import { createSegment, type Segment, segmentsDirectory, type WritableSegment } from './segment.ts';

export interface OpenRequest {
  readonly directory: string;
  readonly durability: 'process' | 'fsync';
  readonly checkpoint: number | null;
  readonly newEpoch?: boolean;
  readonly log: Log;
}

export interface OpenSegments {
  readonly identity: EpochFile;
  readonly segments: Segment[];
  /** The last of them. */
  readonly active: WritableSegment;
}

/** Throws StartRefused. */
export function openSegments(request: OpenRequest, files: FilePort, now: () => number): OpenSegments {
  const { directory, log } = request;
  try {
    const recovered = recover(files, directory, request.durability === 'fsync', log);
    if (recovered === null || request.newEpoch === true) {
      return beginEpoch(files, directory, recovered, request.checkpoint ?? 0, now());
    }
    const segment = recovered.segments.at(-1)!;
    checkCheckpoint(request.checkpoint ?? 0, segment.lastSeq);
    return { ...recovered, active: { segment, file: files.open(segment.path, 'change') } };
  } catch (error) {
    if (error instanceof StartRefused || codeOf(error) === '') throw error;
    throw new StartRefused(
      `The journal in ${segmentsDirectory(directory)} cannot be opened: ${error instanceof Error ? error.message : codeOf(error)}`,
      { cause: error },
    );
  }
}

const seqsPerSecond = 2 ** 20;

/** Above all that this folder or, by the clock, another one has written to the same database. */
function beginEpoch(
  files: FilePort,
  dataDir: string,
  recovered: Recovered | null,
  checkpoint: number,
  now: number,
): OpenSegments {
  const segments = recovered?.segments ?? [];
  const head = Math.max(segments.at(-1)?.lastSeq ?? 0, checkpoint);
  const identity: EpochFile = {
    version: 1,
    owner: recovered?.identity.owner ?? randomUUID(),
    epoch: randomUUID(),
    firstSeq: Math.max(head, Math.floor(now / 1000) * seqsPerSecond) + 1,
    created: new Date(now).toISOString(),
  };
  const active = createSegment(files, segmentsDirectory(dataDir), identity.epoch, identity.firstSeq, true);
  writeEpochFile(files, dataDir, identity);
  return { identity, segments: [...segments, active.segment], active };
}

function checkCheckpoint(checkpoint: number, head: number): void {
  if (checkpoint <= head) return;
  throw new StartRefused(
    `The table writer's state says that ClickHouse has all events up to seq ${checkpoint}, but the journal ends at ${head}: its end was lost, by a power cut or an older copy of it. \`sluice adopt\` goes on with a new epoch.`,
  );
}
