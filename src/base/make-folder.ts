/**
 * Makes a folder and what leads to it. Node's own recursive way never ends where the system says that a folder that is
 * there is not, as some file systems do, and puts other names on a read-only one.
 */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf } from './file-port.ts';

/** Throws what the system says. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && !isThere(dirname(path))) {
      makeFolder(dirname(path));
      mkdirSync(path);
    } else if (!isFolder(path)) throw error;
  }
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
