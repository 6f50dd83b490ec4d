/**
 * Asks `/api/health` again and again over one connection, and keeps the longest wait: by the clock, less what we
 * ourselves stood still, and by the CPU that the server's event loop took meanwhile, which no busy machine lengthens.
 */
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

export interface HealthProbe {
  /** Whether this process stood still in the last so many milliseconds. */
  stoodStillWithin(ms: number): boolean;
  stop(): { readonly probes: number; readonly longestMs: number; readonly heldMs: number };
}

const paceMs = 100;
const tickMs = 50;
const stillMs = 200;
const longPauseMs = 3_000;
/** `utime` and `stime` are in hundredths of a second. */
const clockTickMs = 10;

export function startHealthProbe(url: string, pid: number): HealthProbe {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let lastTick = performance.now();
  let lostMs = 0;
  let lastPause = Number.NEGATIVE_INFINITY;
  const timer = setInterval(() => {
    const now = performance.now();
    const late = now - lastTick - tickMs;
    if (late > stillMs) lostMs += late;
    if (late > longPauseMs) lastPause = now;
    lastTick = now;
  }, tickMs);
  let isRunning = true;
  const seen = { probes: 0, longestMs: 0, heldMs: 0 };
  let begun = { at: lastTick, lostMs, cpuMs: loopCpuMs(pid) };
  const note = (): void => {
    const ms = Math.max(0, Math.round(performance.now() - begun.at - (lostMs - begun.lostMs) - tickMs));
    seen.longestMs = Math.max(seen.longestMs, ms);
    seen.heldMs = Math.max(seen.heldMs, Math.min(loopCpuMs(pid) - begun.cpuMs, ms));
  };
  void (async () => {
    while (isRunning) {
      begun = { at: performance.now(), lostMs, cpuMs: loopCpuMs(pid) };
      const isAnswered = await ask(agent, `${url}/api/health`);
      // A tick that is due tells what was lost until now.
      await wait(tickMs + 1);
      if (isAnswered) seen.probes += 1;
      if (isAnswered) note();
      await wait(paceMs - tickMs);
    }
  })();
  return {
    stoodStillWithin: (ms) => performance.now() - lastPause < ms,
    stop() {
      isRunning = false;
      // One that is not answered yet waits, too.
      note();
      clearInterval(timer);
      agent.destroy();
      return seen;
    },
  };
}

/** False where the connection broke; the next one is asked then. */
function ask(agent: Agent, url: string): Promise<boolean> {
  return new Promise((resolve) => {
    get(url, { agent }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode === 200));
      answer.once('error', () => resolve(false));
    }).once('error', () => resolve(false));
  });
}

/** CPU of the thread that the event loop runs in. */
function loopCpuMs(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * clockTickMs;
  } catch {
    return 0;
  }
}
