/**
 * For tests of what a changed boot means: a journal that was killed, what a power cut does to its files, and the next
 * start.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Journal } from '../../src/journal/journal.ts';
import type { JournalOptions } from '../../src/journal/journal-options.ts';
import { append, clockStart, Disk, open, sent } from './support.ts';

/** Opened after the machine has started again. */
export const nextBoot = (folder: string, options: Partial<JournalOptions> = {}): Journal =>
  open(folder, options, undefined, () => clockStart + 60_000, 'boot 2');

/** Events by number, each a group of its own. */
export function putEach(journal: Journal, numbers: readonly number[]): void {
  for (const number of numbers) {
    append(journal, sent(number));
    journal.commit();
  }
}

/** A journal that was killed, of some segments. */
export function killed(folder: string, options: Partial<JournalOptions>, isClean = false): Journal {
  const disk = new Disk();
  const journal = open(folder, { segmentBytesMax: 1_500, ...options }, disk);
  putEach(journal, [0, 1, 2, 3, 4, 5, 6, 7]);
  if (isClean) journal.close();
  else journal.commitNow();
  disk.kill();
  return journal;
}

/** Zeros in the middle of a file, as pages have them that were never written. */
export function harm(path: string, at: number, length = 20): void {
  const bytes = readFileSync(path);
  bytes.fill(0, at, at + length);
  writeFileSync(path, bytes);
}

/** What was set aside. */
export function asideFiles(folder: string): string[] {
  return readdirSync(join(folder, 'journal', 'damaged'), { recursive: true }) as string[]; // names, without file types
}
