/**
 * The embedded engine's process: node engine-child.mjs CONFIG.xml DATA_FOLDER HTTP_PORT. Plain JavaScript, so that the
 * same file serves the built program and the tests.
 *
 * Its stdin is a pipe that the parent holds. The engine's second statement reads it to its end: when the parent closes
 * it, or dies (kill -9 too), ClickHouse shuts down cleanly. The watchdog thread kills what hangs in that shutdown.
 */
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

/** Runs until stdin ends: the foreign call blocks this thread. */
function runEngine([config, dataFolder, port]) {
  const require = createRequire(import.meta.url);
  const { open, load, DataType } = require('ffi-rs');
  const { libchdbPath } = require('chdb/libchdb');
  // Before the library makes its threads: they inherit it.
  setPriority(niceness);
  open({ library: 'libchdb', path: libchdbPath() });
  const args = [
    'clickhouse',
    `--config-file=${config}`,
    `--path=${dataFolder}`,
    `--http_port=${port}`,
    '--listen_host=127.0.0.1',
    '--input-format=LineAsString',
    '--table=parent',
    '--structure=line String',
    '--query=SYSTEM START LISTEN HTTP; SELECT count() FROM parent FORMAT Null',
  ];
  load({
    library: 'libchdb',
    funcName: 'chdb_query_cmdline',
    retType: DataType.U64,
    paramsType: [DataType.I32, DataType.StringArray],
    paramsValue: [args.length, args],
    runInNewThread: false,
  });
  // Not process.exit: the library's own exit handlers have nothing left to do and may hang.
  process.kill(process.pid, 'SIGKILL');
}

function startWatchdog() {
  const watchdog = new Worker(new URL(import.meta.url), { workerData: { parent: process.ppid } });
  watchdog.unref();
  return new Promise((resolve) => watchdog.once('online', resolve));
}

function watchParent(parent) {
  setInterval(() => {
    if (process.ppid !== parent) setTimeout(() => process.kill(process.pid, 'SIGKILL'), shutdownMs);
  }, lookMs);
}
