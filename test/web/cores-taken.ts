/** Who takes the cores while the console is under load: this process, and all that it has started. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const parts = ['page', 'drawing', 'browser', 'Sluice', 'ClickHouse', 'producer'] as const;
type Part = (typeof parts)[number];

/** Seconds of CPU. */
export type CoresTaken = Readonly<Record<Part, number>>;

const ticksPerSecond = 100;

/** Of all processes that run now, since each began; zeros where that cannot be read (not on Linux). */
export function coresTaken(): CoresTaken {
  const taken: Record<Part, number> = { page: 0, drawing: 0, browser: 0, Sluice: 0, ClickHouse: 0, producer: 0 };
  if (!existsSync('/proc/self/stat')) return taken;
  const processes = new Map(readdirSync('/proc').flatMap((pid) => (/^\d+$/.test(pid) ? [readProcess(pid)] : [])));
  for (const { pid, command, seconds } of processes.values()) {
    if (isOurs(processes, pid)) taken[partOf(pid, command)] += seconds;
  }
  return taken;
}

/** Such as `page 0.61, drawing 0.42 …`: of one core, since then. */
export function sharesSince(before: CoresTaken, elapsedMs: number): string {
  const now = coresTaken();
  return parts.map((part) => `${part} ${((1000 * (now[part] - before[part])) / elapsedMs).toFixed(2)}`).join(', ');
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  readonly seconds: number;
}

/** One that has ended meanwhile has taken nothing. */
function readProcess(name: string): [number, Process] {
  const pid = Number(name);
  try {
    const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
    // The name of the program stands in parentheses, and may hold anything.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [, parent = 0] = fields;
    const seconds = ((fields[11] ?? 0) + (fields[12] ?? 0)) / ticksPerSecond;
    return [pid, { pid, parent, seconds, command: readFileSync(`/proc/${name}/cmdline`, 'utf8') }];
  } catch {
    return [pid, { pid, parent: 0, seconds: 0, command: '' }];
  }
}

function isOurs(processes: ReadonlyMap<number, Process>, pid: number): boolean {
  for (let at = processes.get(pid); at !== undefined; at = processes.get(at.parent)) {
    if (at.pid === process.pid) return true;
  }
  return false;
}

function partOf(pid: number, command: string): Part {
  if (pid === process.pid) return 'producer';
  if (command.includes('--type=renderer')) return 'page';
  if (command.includes('--type=gpu-process')) return 'drawing';
  if (command.includes('engine-child')) return 'ClickHouse';
  return command.includes('main.js') ? 'Sluice' : 'browser';
}
