/**
 * Syncs what another run, or `process` mode, has left to the system: before `boot` says that all is on the disk (I1).
 */
import { join } from 'node:path';
import { codeOf, type FilePort } from '../base/file-port.ts';
import { type BootFile, writeBootFile } from './boot-file.ts';

const folders = ['', 'ids', 'dead-letter'];
const kept = /^(epoch|keys|writer|\d+\.ids|events\.ndjson)$/;

/** All of the data folder but the journal's files, and their names. Throws the system's error. */
export function syncFolder(files: FilePort, dataDir: string): void {
  for (const folder of folders) {
    const directory = join(dataDir, folder);
    for (const name of listIfThere(files, directory)) {
      if (!kept.test(name)) continue;
      const file = files.open(join(directory, name), 'read');
      try {
        files.sync(file);
      } finally {
        files.close(file);
      }
    }
    if (folder === '' || files.list(dataDir).includes(folder)) files.syncDirectory(directory);
  }
}

/** The journal is on the disk already: now the rest goes there, and only then the note that nothing is missing. */
export function noteCleanStop(
  files: FilePort,
  { directory, durability }: { readonly directory: string; readonly durability: BootFile['durability'] },
  bootId: string | null,
): void {
  syncFolder(files, directory);
  writeBootFile(files, directory, { version: 1, bootId, durability, phase: 'stopped' });
}

function listIfThere(files: FilePort, directory: string): string[] {
  try {
    return files.list(directory);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
