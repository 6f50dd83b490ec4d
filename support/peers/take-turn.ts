/** One process at a time installs into a folder: files of tests that run beside each other want the same tools. */
import { mkdirSync, rmSync, statSync } from 'node:fs';

/** Longer than the longest install. */
export const installMs = 8 * 60_000;
const pollMs = 250;

/**
 * Waits until nobody else has the lock, a folder, or until it is done. Gives the way to let the lock go. A lock older
 * than an install can last is a dead one's.
 */
export async function takeTurn(lock: string, isDone: () => boolean): Promise<() => void> {
  const deadline = Date.now() + installMs;
  while (!isDone()) {
    try {
      mkdirSync(lock);
      return () => rmSync(lock, { recursive: true, force: true });
    } catch {
      if (Date.now() > deadline || ageMs(lock) > 2 * installMs) rmSync(lock, { recursive: true, force: true });
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }
  return () => undefined;
}

function ageMs(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}
