/**
 * Where the package lies on disk: the same folder whether the program runs from `src` (tests) or from `dist/src`
 * (built).
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of the folder that holds package.json, schemas/ and src/. */
export const packageRoot: string = findUpwards(dirname(fileURLToPath(import.meta.url)));

/** Read anew each time. */
export function packageVersion(): string {
  const manifest = readFileSync(join(packageRoot, 'package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { readonly version: string }; // our own
  return version;
}

function findUpwards(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('package.json was not found above the program.');
  return findUpwards(parent);
}
