/**
 * `<data>/epoch`: who this data folder is and which epoch its journal writes. An epoch begins when the file is
 * replaced.
 */
import { join } from 'node:path';
import { StartRefused } from '../base/errors.ts';
import type { FilePort } from '../base/file-port.ts';
import { readSmallFile, replaceSmallFile } from '../base/small-file.ts';

export interface EpochFile {
  readonly version: 1;
  /** A UUID made with the data folder. */
  readonly owner: string;
  readonly epoch: string;
  /** Seq of the epoch's first event. */
  readonly firstSeq: number;
  /** ISO time. */
  readonly created: string;
  /** Of a replica: the epoch of the shared log that came before this one, and its newest seq. Absent for the first. */
  readonly after?: { readonly epoch: string; readonly seq: number };
}

export function epochPath(dataDir: string): string {
  return join(dataDir, 'epoch');
}

/** Null if there is none. Throws StartRefused if it is not as written. */
export function readEpochFile(files: FilePort, dataDir: string): EpochFile | null {
  const path = epochPath(dataDir);
  const text = readSmallFile(files, path);
  if (text === null) return null;
  const content = parse(text);
  if (content === null) {
    throw new StartRefused(
      `The file ${path} is damaged or was written by a newer Sluice: it says which epoch the journal belongs to. ` +
        'Restore it from a copy of the data folder, or `sluice recover` goes on as a new owner with a new epoch.',
    );
  }
  return content;
}

export function writeEpochFile(files: FilePort, dataDir: string, content: EpochFile): void {
  replaceSmallFile(files, dataDir, 'epoch', content);
}

function parse(text: string): EpochFile | null {
  try {
    const content: unknown = JSON.parse(text);
    return isEpochFile(content) ? content : null;
  } catch {
    return null;
  }
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function isEpochFile(value: unknown): value is EpochFile {
  if (typeof value !== 'object' || value === null) return false;
  const { version, owner, epoch, firstSeq, after } = value as Partial<Record<keyof EpochFile, unknown>>; // checked next
  return (
    isAfter(after) &&
    version === 1 &&
    typeof owner === 'string' &&
    uuid.test(owner) &&
    typeof epoch === 'string' &&
    uuid.test(epoch) &&
    Number.isSafeInteger(firstSeq)
  );
}

function isAfter(value: unknown): boolean {
  if (value === undefined) return true;
  const { epoch, seq } = (value ?? {}) as { epoch?: unknown; seq?: unknown }; // checked next
  return typeof epoch === 'string' && uuid.test(epoch) && Number.isSafeInteger(seq);
}
