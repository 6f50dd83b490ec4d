/**
 * The embedded engine's process: node engine-child.mjs CONFIG.xml DATA_FOLDER. Plain JavaScript, so that the
 * same file serves the built program and the tests.
 *
 * Its stdin is a pipe that the parent holds. The engine's second statement reads it to its end: when the parent closes
 * it, or dies (kill -9 too), ClickHouse shuts down cleanly. The watchdog thread kills what hangs in that shutdown.
 */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setPriority } from 'node:os';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

const niceness = 10;
const shutdownMs = 20_000;
const lookMs = 1000;

if (isMainThread) {
  await startWatchdog();
  runEngine(process.argv.slice(2));
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

/** Runs until stdin ends: the foreign call blocks this thread. */
function runEngine([config, dataFolder]) {
  const require = createRequire(import.meta.url);
  const { open, load, DataType } = require('ffi-rs');
  const { libchdbPath } = require('chdb/libchdb');
  giveWay();
  open({ library: 'libchdb', path: libchdbPath() });
  const args = [
    'clickhouse',
    `--config-file=${config}`,
    `--path=${dataFolder}`,
    '--listen_host=127.0.0.1',
    '--input-format=LineAsString',
    '--table=parent',
    '--structure=line String',
    '--query=SYSTEM START LISTEN HTTP; SELECT count() FROM parent FORMAT Null',
  ];
  const call = (funcName, retType, paramsType, paramsValue) =>
    load({ library: 'libchdb', funcName, retType, paramsType, paramsValue, runInNewThread: false });
  const result = call('chdb_query_cmdline', DataType.U64, [DataType.I32, DataType.StringArray], [args.length, args]);
  const error = call('chdb_result_error', DataType.U64, [DataType.U64], [result]);
  // Told to the parent, whose log says why the engine ended; the rest of the text is a stack.
  if (error !== 0) console.error(call('chdb_result_error', DataType.String, [DataType.U64], [result]).split('\n')[0]);
  process.exit(error === 0 ? 0 : 1);
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
