/**
 * For a test file under a mutant: a property that fails need not be shrunk, one that holds for 15 s is taken to hold,
 * and a run that never ends is ended.
 */
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';

fc.configureGlobal({ endOnFailure: true, interruptAfterTimeLimit: 15_000 });

const limitMs = Number(process.env['SLUICE_MUTANT_MS'] ?? 0);
if (limitMs > 0) {
  // In a thread of its own, for a loop without an end lets no timer run.
  const watch = `setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${limitMs})`;
  new Worker(watch, { eval: true }).unref();
}
