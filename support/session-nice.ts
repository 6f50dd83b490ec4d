/**
 * The weight of a session: Linux may give each session its own share of the CPU, and `nice` says nothing between
 * sessions.
 */
import { readFileSync, writeFileSync } from 'node:fs';

/** Of our own session; 0 where sessions are not grouped. */
export function sessionNice(): number {
  try {
    return Number(/nice (-?\d+)/.exec(readFileSync('/proc/self/autogroup', 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Gives a process with a session of its own the weight of ours. */
export function shareSessionNice(pid: number): void {
  const nice = sessionNice();
  if (nice !== 0) writeFileSync(`/proc/${pid}/autogroup`, String(nice));
}
