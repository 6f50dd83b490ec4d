/**
 * Sluice from dist as a plain child process, in surroundings that a test chooses, with nobody to answer as ClickHouse:
 * it listens within a second, and takes events.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { repositoryRoot } from './peers/sluice.ts';
import { until } from './poll.ts';
import type { Target } from './target.ts';

export interface BareOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly words?: readonly string[];
  /** Makes of the usual command the one that is run; by default that itself. */
  readonly around?: (command: readonly string[]) => readonly string[];
  readonly cwd?: string;
}

export interface BareSluice {
  readonly child: ChildProcess;
  readonly dataDir: string;
  output(): string;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
}

const folders: string[] = [];
const children: ChildProcess[] = [];
/** Those with an engine of their own, which writes on for seconds behind a kill: they are asked to stop. */
const withEngine = new WeakSet<ChildProcess>();
const stopMsMax = 20_000;

/** Ends and removes all that was started: for `afterEach`. */
export async function cleanUp(): Promise<void> {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      if (withEngine.has(child)) {
        child.kill('SIGTERM');
        await Promise.race([exited, wait(stopMsMax, undefined, { ref: false })]);
      }
      child.kill('SIGKILL');
      await exited;
    }
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bare-'));
  folders.push(folder);
  return folder;
}

/** Starts it, and waits for nothing. */
export function runBare({ env = {}, words = [], around = (command) => command, cwd }: BareOptions = {}): BareSluice {
  const dataDir = env['SLUICE_DATA_DIR'] ?? temporaryFolder();
  const [program = '', ...rest] = around([
    process.execPath,
    join(repositoryRoot(), 'dist', 'src', 'main.js'),
    ...words,
  ]);
  const child = spawn(program, rest, {
    cwd: cwd ?? repositoryRoot(),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      CLICKHOUSE_URL: 'http://127.0.0.1:1/nobody',
      SLUICE_DATA_DIR: dataDir,
      SLUICE_PORT: '0',
      ...env,
    },
  });
  children.push(child);
  if (env['CLICKHOUSE_URL'] === '') withEngine.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
  const ended = new Promise<number | string | null>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  return { child, dataDir, output: () => output, ended };
}

/** Starts it and waits until it listens. */
export async function startBare(
  options: BareOptions & Pick<Target, 'ca'> = {},
): Promise<BareSluice & { readonly target: Target }> {
  const sluice = runBare(options);
  const url = await until('Sluice listens', () => {
    if (sluice.child.exitCode !== null) throw new Error(`Sluice ended: ${sluice.output()}`);
    return /listening on (https?:\S+)/.exec(sluice.output())?.[1];
  });
  return {
    ...sluice,
    target: { baseUrl: () => url, strict: true, ...(options.ca !== undefined && { ca: options.ca }) },
  };
}
