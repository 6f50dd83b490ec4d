/**
 * Sluice from dist as the process that is killed: unlike a server under test it may end at any instant, its start
 * included.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { enginesOf } from '../engine-process.ts';
import { repositoryRoot } from '../peers/sluice.ts';

export interface Victim {
  readonly pid: number;
  /** True once it listens; false if it ended before. */
  readonly listening: Promise<boolean>;
  /** Its signal, or its exit code. */
  readonly ended: Promise<NodeJS.Signals | number>;
  readonly isAlive: boolean;
  /** The end of what it printed. */
  output(): string;
  kill(): void;
  /** SIGTERM; resolves to how it ended. */
  stop(): Promise<NodeJS.Signals | number>;
}

export interface VictimOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
}

const outputCharactersMax = 20_000;
const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

export function startVictim({ dataDir, port, env }: VictimOptions): Victim {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(SLUICE_|PREFECT_|CLICKHOUSE_)/.test(name));
  const child = spawn(process.execPath, ['dist/src/main.js'], {
    cwd: repositoryRoot(),
    env: {
      ...Object.fromEntries(inherited),
      SLUICE_PORT: String(port),
      SLUICE_DATA_DIR: dataDir,
      SLUICE_LOG_LEVEL: 'warn',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  alive.add(child);
  let output = '';
  let isAlive = true;
  let heard: (isListening: boolean) => void = () => undefined;
  const listening = new Promise<boolean>((resolve) => {
    heard = resolve;
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-outputCharactersMax);
      if (output.includes('Sluice is listening')) heard(true);
    });
  }
  const ended = new Promise<NodeJS.Signals | number>((resolve) => {
    child.once('exit', (code, signal) => {
      alive.delete(child);
      isAlive = false;
      heard(false);
      resolve(signal ?? code ?? 0);
    });
  });
  return {
    pid: child.pid ?? 0,
    listening,
    ended,
    get isAlive() {
      return isAlive;
    },
    output: () => output,
    kill: () => void child.kill('SIGKILL'),
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

/** kill -9 of the engine, if one runs. */
export function killEngine(dataDir: string): boolean {
  return signalEngine(dataDir, 'SIGKILL');
}

/** To every engine of the folder; true if there was one. */
export function signalEngine(dataDir: string, signal: NodeJS.Signals): boolean {
  const reached = enginesOf(dataDir).filter((pid) => {
    try {
      process.kill(pid, signal);
      return true;
    } catch {
      return false; // it ended meanwhile
    }
  });
  return reached.length > 0;
}
