/**
 * Watches a server from outside, all the time: memory, its engine's apart, descriptors. It also notices when this
 * machine stands still, so that nobody takes that for a fault of the server.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { HostileServer } from './server.ts';

export interface Watch {
  /** The most that was ever resident, as the system has it: no peak falls between two looks. */
  residentMaxBytes(): number;
  residentBytes(): number;
  engineResidentMaxBytes(): number;
  descriptorsMax(): number;
  descriptors(): number;
  /** How long we stood still in all, in milliseconds. */
  pausedMs(): number;
  stop(): void;
}

const lookMs = 200;
/** A timer that is later than this did not run. */
const stillMs = 1_000;

export function startWatch(server: HostileServer): Watch {
  let engineMax = 0;
  let descriptorsMax = 0;
  let pausedMs = 0;
  let residentMax = 0;
  let lastMs = performance.now();
  const descriptors = (): number => countOf(`/proc/${server.pid}/fd`);
  /** Whoever runs first behind a pause asks, and that need not be our timer. */
  const stillNowMs = (): number => {
    const lateMs = performance.now() - lastMs - lookMs;
    return lateMs > stillMs ? lateMs : 0;
  };
  const look = (): void => {
    pausedMs += stillNowMs();
    lastMs = performance.now();
    residentMax = Math.max(residentMax, memoryOf(server.pid, 'VmHWM'));
    const engines = server.engines().map((pid) => memoryOf(pid, 'VmHWM'));
    engineMax = Math.max(engineMax, ...engines);
    descriptorsMax = Math.max(descriptorsMax, descriptors());
  };
  const timer = setInterval(look, lookMs);
  look();
  return {
    residentMaxBytes: () => Math.max(residentMax, memoryOf(server.pid, 'VmHWM')),
    residentBytes: () => memoryOf(server.pid, 'VmRSS'),
    engineResidentMaxBytes: () => engineMax,
    descriptorsMax: () => descriptorsMax,
    descriptors,
    pausedMs: () => pausedMs + stillNowMs(),
    stop: () => clearInterval(timer),
  };
}

/** 0 of a process that has gone. */
function memoryOf(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function countOf(folder: string): number {
  try {
    return readdirSync(folder).length;
  } catch {
    return 0;
  }
}
