/**
 * The embedded engine of a Sluice as the operating system sees it.
 */
import { execFileSync } from 'node:child_process';

/** The process id of the engine whose data is in a folder, or null. */
export function engineOf(dataDir: string): number | null {
  return enginesOf(dataDir)[0] ?? null;
}

/** All of them: that of a killed Sluice may live on for a while beside the next one's. */
export function enginesOf(dataDir: string): number[] {
  const lines = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n');
  return lines
    .filter((each) => each.includes('engine-child') && each.includes(dataDir))
    .map((line) => Number(line.trim().split(' ')[0]));
}
