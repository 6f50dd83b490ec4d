/**
 * Who uses the CPU while a server is loaded: its main thread, its other threads (V8's and libuv's), and its embedded
 * engine.
 */
import { childrenOf, cpuSeconds, threadSeconds } from './machine.ts';
import { round } from './target.ts';

/** In seconds. */
export interface CpuTimes {
  readonly whole: number;
  readonly mainThread: number;
  readonly engine: number;
}

/** Null where the process is not known, or cannot be read. */
export function cpuTimes(pid: number | undefined): CpuTimes | null {
  const whole = cpuSeconds(pid);
  if (pid === undefined || whole === null) return null;
  const engine = childrenOf(pid, 'engine-child').reduce((sum, child) => sum + (cpuSeconds(child) ?? 0), 0);
  return { whole, mainThread: threadSeconds(pid, pid) ?? whole, engine };
}

/** µs of CPU for each of so many events, by process and thread; null if nothing is known. */
export function microsPerEvent(
  before: CpuTimes | null,
  after: CpuTimes | null,
  events: number,
  loadSeconds: number,
): object | null {
  if (before === null || after === null || events === 0) return null;
  const each = (seconds: number): number => round((seconds * 1e6) / events);
  const mainThread = after.mainThread - before.mainThread;
  const whole = after.whole - before.whole;
  return {
    server: each(whole),
    serverMainThread: each(mainThread),
    serverOtherThreads: each(whole - mainThread),
    engine: each(after.engine - before.engine),
    loadMaker: each(loadSeconds),
  };
}
