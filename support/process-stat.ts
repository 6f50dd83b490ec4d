/** What Linux tells of a process in `/proc/PID/stat`. */
import { readFileSync } from 'node:fs';

export interface ProcessStat {
  /** The process that has started it. */
  readonly parent: number;
  /** Of the whole process, ended threads included; Linux counts in hundredths of a second. */
  readonly cpuSeconds: number;
}

const ticksPerSecond = 100;

/** Null for a process that is not there, and where that cannot be read (not on Linux). */
export function processStat(pid: number): ProcessStat | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program stands in parentheses, and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [, parent, user, system] = [0, 1, 11, 12].map((nth) => Number(fields[nth]));
    return { parent: parent ?? 0, cpuSeconds: ((user ?? 0) + (system ?? 0)) / ticksPerSecond };
  } catch {
    return null;
  }
}
