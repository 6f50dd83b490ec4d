/**
 * A bound on waiting for what may never end, a disk that hangs for one.
 */
import { setTimeout as wait } from 'node:timers/promises';

/** Whether the work ended in time; it goes on if it did not. Rejects as the work does until then. */
export async function endsWithin(deadlineMs: number, work: Promise<unknown>): Promise<boolean> {
  const ended = new AbortController();
  const late = wait(deadlineMs, false, { signal: ended.signal }).catch(() => false);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    ended.abort();
  }
}
