/** A checkpoint in a file: written beside it, synced, renamed over it. A crash leaves the old one or the new. */
import { open, readFile, rename } from 'node:fs/promises';
import type { CheckpointStore } from './checkpoint-store.ts';

/** Survives a crash of the machine. The folder must be there. */
export function fileStore(path: string): CheckpointStore {
  return {
    async load() {
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '';
        throw error;
      });
      return text.trim() || null;
    },
    async save(checkpoint) {
      const beside = `${path}.new`;
      const file = await open(beside, 'w', 0o600);
      try {
        await file.writeFile(`${checkpoint}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(beside, path);
    },
  };
}
