/**
 * A data folder that commit adf93c5 wrote: 120 events in its embedded engine, then 60 more that were acknowledged while
 * the engine stood still, a range of them under way, and kill -9.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentBootId } from '../src/journal/boot-file.ts';
import { repositoryRoot } from './peers/sluice.ts';

export interface OldFolder {
  readonly stored: number;
  readonly waiting: number;
  readonly pageToken: string;
  /** Behind the last of the stored ones, with the filter of all names that begin with `fixture.`. */
  readonly resume: { readonly token: string; readonly position: string };
}

const fixtures = new URL('../test/fixtures/upgrade/', import.meta.url);
const folderText = readFileSync(new URL('data-folder-adf93c5.json', fixtures), 'utf8');
export const oldFolder = JSON.parse(folderText) as OldFolder; // as it was made
/** As it ran then: its events must not expire from a test. */
export const oldFolderEnv = { SLUICE_RETENTION_DAYS: '25000' };
export const oldFolderFilter = { event: { prefix: ['fixture.'] }, occurred: { since: '2026-11-28T00:00:00Z' } };
export const oldFolderIds = Array.from(
  { length: oldFolder.stored + oldFolder.waiting },
  (_, at) => `00000000-0000-4000-8000-${String(at + 1).padStart(12, '0')}`,
);

const folders: string[] = [];

/** Unpacks it anew. Unless `wasKilled` says that the machine has run on since, its power was cut. */
export function unpackOldFolder({ wasKilled }: { readonly wasKilled: boolean }): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-old-'));
  folders.push(folder);
  execFileSync('tar', ['xzf', new URL('data-folder-adf93c5.tgz', fixtures).pathname, '-C', folder]);
  const dataDir = join(folder, 'data');
  const boot = join(dataDir, 'boot');
  // Copies of one machine may share the id of their boot: so each says its own.
  const bootId = wasKilled ? currentBootId() : 'an earlier boot';
  writeFileSync(boot, JSON.stringify({ ...JSON.parse(readFileSync(boot, 'utf8')), bootId }));
  return dataDir;
}

export function removeOldFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
}

/** Runs a command on it; gives what it says. Throws where it ends with another code than 0. */
export function commandOn(dataDir: string, word: string): string {
  const main = join(repositoryRoot(), 'dist', 'src', 'main.js');
  return execFileSync(process.execPath, [main, word, '--data-dir', dataDir, '--log-level', 'error'], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...oldFolderEnv },
  });
}
