/** Who takes the cores while the console is under load: this process, and all that it has started. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type ProcessStat, processStat } from '../../support/process-stat.ts';

const parts = ['page', 'drawing', 'browser', 'Sluice', 'ClickHouse', 'producer'] as const;
type Part = (typeof parts)[number];

/** Seconds of CPU. */
export type CoresTaken = Readonly<Record<Part, number>>;

/** Of all processes that run now, since each began; zeros where that cannot be read (not on Linux). */
export function coresTaken(): CoresTaken {
  const taken: Record<Part, number> = { page: 0, drawing: 0, browser: 0, Sluice: 0, ClickHouse: 0, producer: 0 };
  if (!existsSync('/proc/self/stat')) return taken;
  const processes = new Map<number, ProcessStat>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? processStat(Number(name)) : null;
    if (stat !== null) processes.set(Number(name), stat);
  }
  for (const [pid, { cpuSeconds }] of processes) if (isOurs(processes, pid)) taken[partOf(pid)] += cpuSeconds;
  return taken;
}

/** Such as `page 0.61, drawing 0.42 …`: of one core, since then. */
export function sharesSince(before: CoresTaken, elapsedMs: number): string {
  const now = coresTaken();
  return parts.map((part) => `${part} ${((1000 * (now[part] - before[part])) / elapsedMs).toFixed(2)}`).join(', ');
}

function isOurs(processes: ReadonlyMap<number, ProcessStat>, pid: number): boolean {
  for (let at: number | undefined = pid; at !== undefined; at = processes.get(at)?.parent) {
    if (at === process.pid) return true;
  }
  return false;
}

/** Of the browser for one that has ended meanwhile. */
function partOf(pid: number): Part {
  if (pid === process.pid) return 'producer';
  const command = commandOf(pid);
  if (command.includes('--type=renderer')) return 'page';
  if (command.includes('--type=gpu-process')) return 'drawing';
  if (command.includes('engine-child')) return 'ClickHouse';
  return command.includes('main.js') ? 'Sluice' : 'browser';
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
