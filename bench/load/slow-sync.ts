/**
 * Loaded into a server before it starts (`node --import`): each fdatasync takes so many milliseconds longer, as on a
 * slower disk. The real one is made, too.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

export const slowSyncVariable = 'BENCH_SYNC_MS';
const ms = Number(process.env[slowSyncVariable] ?? 0);

if (ms > 0) {
  const { fdatasync, fdatasyncSync } = fs;
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  // The types of Node leave no room for another function in its place.
  Object.assign(fs, {
    fdatasync: (file: number, done: fs.NoParamCallback) => setTimeout(() => fdatasync(file, done), ms),
    fdatasyncSync: (file: number) => {
      Atomics.wait(sleeper, 0, 0, ms);
      fdatasyncSync(file);
    },
  });
  syncBuiltinESMExports();
}
