/**
 * `<data>/boot`: in which boot of the machine the journal was last opened, how durably it was written, and whether that
 * run stopped cleanly, with all of it synced. A changed boot without a clean stop means that the page cache was lost,
 * and with it what was not synced: even all of a run that began behind the mark of an earlier clean stop.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FilePort } from '../base/file-port.ts';
import { readSmallFile, replaceSmallFile } from '../base/small-file.ts';

export interface BootFile {
  readonly version: 1;
  /** Null where the system gives none. */
  readonly bootId: string | null;
  readonly durability: 'process' | 'fsync';
  readonly phase: 'running' | 'stopped';
}

/** Linux's own name for this boot; null where there is none, and then damage is never put down to a power cut. */
export function currentBootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim() || null;
  } catch {
    return null;
  }
}

/** Null if there is none that can be read: nothing is known of the last run then. */
export function readBootFile(files: FilePort, dataDir: string): BootFile | null {
  const text = readSmallFile(files, join(dataDir, 'boot'));
  try {
    const content: unknown = JSON.parse(text ?? 'null');
    return isBootFile(content) ? content : null;
  } catch {
    return null;
  }
}

/** The mode of the last run, if a power cut ended it; null if none did. */
export function powerCutIn(files: FilePort, dataDir: string, bootId: string | null): BootFile['durability'] | null {
  const run = readBootFile(files, dataDir);
  const isOtherBoot = run !== null && run.bootId !== null && bootId !== null && run.bootId !== bootId;
  return isOtherBoot && run.phase === 'running' ? run.durability : null;
}

/** `running` before anything is appended, `stopped` after all is synced. */
export function writeBootFile(files: FilePort, dataDir: string, content: BootFile): void {
  replaceSmallFile(files, dataDir, 'boot', content);
}

function isBootFile(value: unknown): value is BootFile {
  if (typeof value !== 'object' || value === null) return false;
  const { version, bootId, durability, phase } = value as Partial<Record<keyof BootFile, unknown>>; // checked next
  return (
    version === 1 &&
    (bootId === null || typeof bootId === 'string') &&
    (durability === 'process' || durability === 'fsync') &&
    (phase === 'running' || phase === 'stopped')
  );
}
