/**
 * The table writer's state in a file, `<data>/writer`, replaced as a whole.
 */
import { join } from 'node:path';
import { StartRefused } from '../base/errors.ts';
import { type FilePort, nodeFiles } from '../base/file-port.ts';
import { readSmallFile, replaceSmallFile } from '../base/small-file.ts';
import type { WriterStateStore } from './ports.ts';
import { parseWriterState } from './writer-state.ts';

export interface WriterStateFile extends WriterStateStore {
  /**
   * Puts a file that is not readable out of the way, as `writer.damaged`: ClickHouse must be asked then, see
   * reconcile.ts. True if it did.
   */
  setAsideDamaged(): boolean;
}

/** `sync` makes each state survive a power cut (fsync mode). */
export function writerStateFile(dataDir: string, sync: boolean, files: FilePort = nodeFiles): WriterStateFile {
  const path = join(dataDir, 'writer');

  return {
    async load() {
      const text = readSmallFile(files, path);
      if (text === null) return null;
      const state = parseWriterState(text);
      if (state === null) {
        throw new StartRefused(
          `The table writer's state file ${path} is damaged or was written by a newer Sluice. ` +
            'Restore it from a copy of the data folder of this moment, or `sluice recover` sets it aside ' +
            'and the next start asks ClickHouse what it has.',
        );
      }
      return state;
    },
    async save(state) {
      replaceSmallFile(files, dataDir, 'writer', state, { sync });
    },
    setAsideDamaged() {
      const text = readSmallFile(files, path);
      if (text === null || parseWriterState(text) !== null) return false;
      files.rename(path, `${path}.damaged`);
      files.syncDirectory(dataDir);
      return true;
    },
  };
}
