/**
 * The copy of the edge library's binary that runs below glibc 2.38, in a folder of ours: made once, from a file whose
 * SHA-256 is known, and only loaded if its own is.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { firstLineOf } from '../base/errors.ts';
import { lowerGlibc } from './lower-glibc.ts';
import type { KnownBinary } from './uws-binaries.ts';

/** Where a folder keeps the copy: its name changes with the bytes, so a newer release never meets an older copy. */
export function copyIn(folder: string, { loweredSha256 }: KnownBinary): string {
  return join(folder, `uws-${loweredSha256.slice(0, 16)}.node`);
}

/**
 * The path of a whole copy in one of the folders; where none has it, it is made in the last that can be written. Throws
 * Error with a sentence.
 */
export function findOrMakeCopy(source: string, known: KnownBinary, folders: readonly string[]): string {
  for (const folder of folders) if (isWhole(copyIn(folder, known), known)) return copyIn(folder, known);
  const copy = lowerGlibc(readChecked(source, known.sha256));
  if (sha256Of(copy) !== known.loweredSha256) throw new Error(`The copy of ${source} is not the one that was tested.`);
  let reason: unknown;
  for (const folder of [...folders].reverse()) {
    try {
      return write(copyIn(folder, known), copy);
    } catch (error) {
      reason = error;
    }
  }
  throw new Error(`No folder takes a copy of ${source} (${firstLineOf(reason)}).`, { cause: reason });
}

/** A file of the package. Throws Error where it is another than the one that was tested. */
export function readChecked(path: string, sha256: string): Buffer {
  const bytes = readFileSync(path);
  if (sha256Of(bytes) !== sha256) {
    throw new Error(`${path} is damaged, or of another release: its SHA-256 is ${sha256Of(bytes)}, not ${sha256}.`);
  }
  return bytes;
}

function isWhole(path: string, known: KnownBinary): boolean {
  try {
    return sha256Of(readFileSync(path)) === known.loweredSha256;
  } catch {
    return false;
  }
}

/** As a whole or not at all: another process may be loading it. */
function write(path: string, bytes: Buffer): string {
  const unfinished = `${path}.${randomUUID()}`;
  mkdirSync(dirname(path), { recursive: true });
  try {
    writeFileSync(unfinished, bytes, { mode: 0o644 });
    renameSync(unfinished, path);
  } finally {
    rmSync(unfinished, { force: true });
  }
  return path;
}

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
