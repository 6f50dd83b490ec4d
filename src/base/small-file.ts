/**
 * Small files in the data folder, of one JSON object each: replaced as a whole and synced, so that a power cut leaves
 * the old one or the new one.
 */
import { join } from 'node:path';
import { type FilePort, openIfThere, readFully, writeAll } from './file-port.ts';

/** Null if there is none. */
export function readSmallFile(files: FilePort, path: string): string | null {
  const file = openIfThere(files, path, 'read');
  if (file === null) return null;
  try {
    const bytes = Buffer.alloc(files.bytes(file));
    return bytes.toString('utf8', 0, readFully(files, file, bytes, 0, bytes.length, 0));
  } finally {
    files.close(file);
  }
}

export interface Replacement {
  /** False leaves it to the system when the disk gets it; a process that dies loses nothing. Default true. */
  readonly sync?: boolean;
  readonly mode?: number;
}

export function replaceSmallFile(
  files: FilePort,
  directory: string,
  name: string,
  content: object,
  { sync = true, mode }: Replacement = {},
): void {
  const path = join(directory, name);
  const temporary = `${path}.new`;
  const bytes = Buffer.from(`${JSON.stringify(content)}\n`);
  const file = files.open(temporary, 'replace', mode);
  try {
    writeAll(files, file, bytes, bytes.length, 0);
    if (sync) files.sync(file);
  } finally {
    files.close(file);
  }
  files.rename(temporary, path);
  if (sync) files.syncDirectory(directory);
}
