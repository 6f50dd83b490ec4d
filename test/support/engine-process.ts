/**
 * The embedded engine of a Sluice as the operating system sees it.
 */
import { execFileSync } from 'node:child_process';

/** The process id of the engine whose data is in a folder, or null. */
export function engineOf(dataDir: string): number | null {
  const lines = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n');
  const line = lines.find((each) => each.includes('engine-child') && each.includes(dataDir));
  return line === undefined ? null : Number(line.trim().split(' ')[0]);
}
