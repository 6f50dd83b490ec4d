/**
 * The embedded engine's process: node engine-child.mjs CONFIG.xml DATA_FOLDER. Plain JavaScript, so that the
 * same file serves the built program and the tests.
 *
 * Its stdin is a pipe that the parent holds. The engine's second statement reads it to its end: when the parent closes
 * it, or dies (kill -9 too), ClickHouse shuts down cleanly. The watchdog thread kills what hangs in that shutdown.
 */
import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { runEngine } from './run-engine.mjs';

const niceness = 10;
const shutdownMs = 20_000;
const lookMs = 1000;

if (isMainThread) {
  await startWatchdog();
  const [config, dataFolder] = process.argv.slice(2);
  giveWay();
  runEngine({ config, dataFolder, protocols: ['HTTP'] });
} else {
  watchParent(workerData.parent);
}

/**
 * Intake and live delivery go before queries and merges. Called before the library makes its threads: they inherit it.
 */
function giveWay() {
  setPriority(niceness);
  try {
    // Linux weighs sessions first where autogroup is on, and this process is one of its own: then its threads' niceness
    // counts only among them.
    writeFileSync('/proc/self/autogroup', String(niceness));
  } catch {
    // No such group here: the niceness of the threads counts.
  }
}

function startWatchdog() {
  const watchdog = new Worker(new URL(import.meta.url), { workerData: { parent: process.ppid } });
  return new Promise((resolve) => watchdog.once('online', resolve));
}

function watchParent(parent) {
  setInterval(() => {
    if (process.ppid !== parent) setTimeout(() => process.kill(process.pid, 'SIGKILL'), shutdownMs);
  }, lookMs);
}
