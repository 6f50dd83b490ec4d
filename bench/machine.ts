/**
 * What a figure depends on: the machine, the versions, and what the server process uses while it is measured.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { processStat } from '../support/process-stat.ts';
import { sessionNice } from '../support/session-nice.ts';

export interface MachineFacts {
  readonly cpus: number;
  readonly model: string;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly node: string;
  readonly commit: string;
  readonly loadBefore: number;
  /**
   * Of the bench's session and of the servers that it starts: each session has its own share of the CPU where Linux
   * groups by session.
   */
  readonly sessionNice: number;
}

export function machineFacts(root: string): MachineFacts {
  return {
    cpus: cpus().length,
    model: cpus()[0]?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    commit: commitOf(root),
    loadBefore: loadavg()[0] ?? 0,
    sessionNice: sessionNice(),
  };
}

/** Resident memory of a process in MB; null where it cannot be read. */
export function residentMb(pid: number | undefined): number | null {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readProcess(pid, 'status'))?.[1];
  return kilobytes === undefined ? null : Math.round(Number(kilobytes) / 1024);
}

/** The same in bytes. */
export function residentBytes(pid: number | undefined): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readProcess(pid, 'status'))?.[1] ?? Number.NaN) * 1024;
}

/**
 * CPU time that a process has used, in seconds; null where it cannot be read. By the nanoseconds of its threads, where
 * the kernel tells them; else by the hundredths of a second in which Linux counts.
 */
export function cpuSeconds(pid: number | undefined): number | null {
  const nanoseconds = threadNanoseconds(pid);
  return nanoseconds === null ? processCpuSeconds(pid) : nanoseconds / 1e9;
}

/**
 * As Linux counts it for the whole process, ended threads included, in hundredths of a second: for an engine with pools
 * of threads.
 */
export function processCpuSeconds(pid: number | undefined): number | null {
  return pid === undefined ? null : (processStat(pid)?.cpuSeconds ?? null);
}

/** CPU time of one thread; the main one has the number of its process. */
export function threadSeconds(pid: number, thread: number): number | null {
  const nanoseconds = readProcess(pid, `task/${thread}/schedstat`).split(' ')[0];
  return nanoseconds === undefined || nanoseconds === '' ? null : Number(nanoseconds) / 1e9;
}

/** How long the main thread could have run, and others ran in its place. */
export function waitedSeconds(pid: number): number | null {
  const nanoseconds = readProcess(pid, `task/${pid}/schedstat`).split(' ')[1];
  return nanoseconds === undefined ? null : Number(nanoseconds) / 1e9;
}

/** Threads that have ended are not in it: a server's live as long as itself. */
function threadNanoseconds(pid: number | undefined): number | null {
  if (pid === undefined) return null;
  try {
    const times = readdirSync(`/proc/${pid}/task`).map((thread) =>
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
    );
    return times.reduce((sum, time) => sum + time, 0);
  } catch {
    return null;
  }
}

/** The processes that a process has started itself, whose command holds the words. */
export function childrenOf(pid: number, words: string): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  return children.map(Number).filter((child) => readProcess(child, 'cmdline').includes(words));
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
    const changes = git('status', '--porcelain', 'src', 'actors', 'schemas');
    return `${git('rev-parse', '--short', 'HEAD')}${changes === '' ? '' : ' with changes'}`;
  } catch {
    return 'unknown';
  }
}
