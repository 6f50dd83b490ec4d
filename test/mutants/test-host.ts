/**
 * The process that runs test files: started when it is needed, and again when it was lost or says nothing for too long.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

export interface Asked {
  readonly test: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Told {
  readonly isPassed: boolean;
  /** The test that failed, or the error. */
  readonly why: string;
  readonly ms: number;
}

/** A file's process is killed at its limit by itself; the host gets a little longer. */
const graceMs = 20_000;

export function createTestHost(root: string) {
  let child: ChildProcess | null = null;

  async function start(): Promise<ChildProcess> {
    const started = fork('test/mutants/host.ts', [root], {
      cwd: root,
      execArgv: ['--import', './support/run-ts.mjs'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      detached: true,
    });
    await once(started, 'message');
    return started;
  }

  function stop(): void {
    if (child?.pid !== undefined && child.exitCode === null) {
      // Its workers and their engines, too.
      process.kill(-child.pid, 'SIGKILL');
    }
    child = null;
  }

  async function run(test: string, env: Asked['env'], limitMs: number): Promise<Told> {
    child ??= await start();
    const signal = AbortSignal.timeout(limitMs + graceMs);
    const asked: Asked = { test, env: { ...env, SLUICE_MUTANT_MS: String(limitMs) } };
    child.send(asked);
    try {
      const [told] = (await once(child, 'message', { signal })) as [Told]; // host.ts sends nothing else
      return told;
    } catch {
      stop();
      return { isPassed: false, why: 'no end within its time', ms: limitMs };
    }
  }

  return { run, stop };
}
