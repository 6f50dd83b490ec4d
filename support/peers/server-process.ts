/**
 * One server under test as a child process in its own group: started, waited for, stopped or killed by its id, and
 * never left behind when this process ends.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { listenHere } from '../free-port.ts';
import { shareSessionNice } from '../session-nice.ts';

export interface ServerProcess {
  /** `http://127.0.0.1:port`, without a path. */
  readonly url: string;
  readonly pid: number;
  /** The end of what it printed, for messages. */
  output(): string;
  /** Asks it to end (SIGTERM) and resolves to its exit code; null if it had to be killed. */
  stop(): Promise<number | null>;
  /** kill -9 of the process alone: what it started must notice by itself. */
  kill(): Promise<void>;
}

export interface LaunchOptions {
  readonly command: string;
  readonly words: readonly string[];
  /** The whole environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly directory: string;
  /** Is asked until it resolves to the server's URL; sees all output so far. */
  readonly findUrl: (output: string) => Promise<string | null>;
  readonly startMs: number;
}

const outputCharactersMax = 20_000;
const stopMs = 20_000;
const pollMs = 50;
const groups = new Set<number>();
process.on('exit', () => {
  for (const group of groups) signalGroup(group, 'SIGKILL');
});

/** Starts a server and waits until it answers. Rejects with its output if it ends or is late. */
export async function launchServer(options: LaunchOptions): Promise<ServerProcess> {
  const child = spawn(options.command, options.words, {
    cwd: options.directory,
    env: options.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${options.command} could not be started.`);
  groups.add(pid);
  shareSessionNice(pid);
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-outputCharactersMax);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await untilFound(child, options, () => output).catch(async (error: unknown) => {
    signalGroup(pid, 'SIGKILL');
    await ended;
    groups.delete(pid);
    throw error;
  });
  return { url, pid, output: () => output, ...ways(child, pid, ended) };
}

/** A port that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listenHere(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function ways(child: ChildProcess, pid: number, ended: Promise<void>): Pick<ServerProcess, 'stop' | 'kill'> {
  return {
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(() => signalGroup(pid, 'SIGKILL'), stopMs);
      await ended;
      clearTimeout(late);
      groups.delete(pid);
      return child.exitCode;
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
      groups.delete(pid);
    },
  };
}

async function untilFound(child: ChildProcess, options: LaunchOptions, output: () => string): Promise<string> {
  const deadline = Date.now() + options.startMs;
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`${options.command} ended at the start:\n${output()}`);
    }
    const url = await options.findUrl(output());
    if (url !== null) return url;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw new Error(`${options.command} did not answer within ${options.startMs} ms:\n${output()}`);
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // The group is gone already.
  }
}
