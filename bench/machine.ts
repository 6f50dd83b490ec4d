/**
 * What a figure depends on: the machine, the versions, and what the server process uses while it is measured.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

export interface MachineFacts {
  readonly cpus: number;
  readonly model: string;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly node: string;
  readonly commit: string;
  readonly loadBefore: number;
}

const ticksPerSecond = 100;

export function machineFacts(root: string): MachineFacts {
  return {
    cpus: cpus().length,
    model: cpus()[0]?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    commit: commitOf(root),
    loadBefore: loadavg()[0] ?? 0,
  };
}

/** Resident memory of a process in MB; null where it cannot be read. */
export function residentMb(pid: number | undefined): number | null {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readProcess(pid, 'status'))?.[1];
  return kilobytes === undefined ? null : Math.round(Number(kilobytes) / 1024);
}

/** CPU time that a process has used, in seconds; null where it cannot be read. Linux counts in hundredths. */
export function cpuSeconds(pid: number | undefined): number | null {
  const fields = readProcess(pid, 'stat').split(') ')[1]?.split(' ');
  const [user, system] = [fields?.[11], fields?.[12]];
  return user === undefined || system === undefined ? null : (Number(user) + Number(system)) / ticksPerSecond;
}

function readProcess(pid: number | undefined, file: string): string {
  if (pid === undefined) return '';
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function commitOf(root: string): string {
  try {
    const git = (...words: string[]): string =>
      execFileSync('git', words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', 'src', 'actors', 'schemas') === '' ? '' : ' with changes'}`;
  } catch {
    return 'unknown';
  }
}
