/**
 * One process of the embedded engine, from its files and its free port to its last words.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { get } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { EngineAddress } from '../../actors/engine.ts';
import { packageRoot } from '../base/package-root.ts';
import { engineUser, writeEngineFiles } from './engine-files.ts';
import { listenerOf } from './own-listener.ts';

const askMs = 50;
/** How often, and how long each time, a running engine is asked whether it answers. */
const watchMs = 2_000;
const answerMs = 5_000;
/**
 * So long may an engine take no connection: it never listens again by itself, but one that ends has stopped listening
 * too.
 */
const deafMs = 10_000;

/** 256 bits. */
function randomText(): string {
  return randomBytes(32).toString('base64url');
}

/** One run of the child process. */
export interface EngineProcess {
  /** Null if it ended before it answered. */
  readonly answered: Promise<EngineAddress | null>;
  /**
   * Resolves, with a phrase for a sentence, if it has not answered for `hungMs`, asked again and again; never if it
   * ends before.
   */
  readonly hung: Promise<string>;
  /** Why it ended: a phrase for a sentence. */
  readonly exited: Promise<string>;
  end(): void;
  kill(): void;
}

/** Starts one process on a free port, with a password of its own; `launched` gets it once it exists. */
export function launchEngine(
  folder: string,
  memoryBytesMax: number,
  hungMs: number,
  launched: (child: ChildProcess) => void,
): EngineProcess {
  const over = new AbortController();
  let child: ChildProcess | null = null;

  async function run(answer: (address: EngineAddress | null) => void): Promise<string> {
    const secrets = { pathname: `/${randomText()}`, password: randomText() };
    const port = await freePort();
    if (over.signal.aborted) return 'it was stopped';
    const files = writeEngineFiles(folder, port, secrets, memoryBytesMax);
    child = spawnChild(files.configFile, files.dataFolder);
    launched(child);
    const errors = keepTail(child);
    const address = { url: `http://127.0.0.1:${port}`, username: engineUser, ...secrets };
    void untilAnswers(address, port, over.signal).then(answer);
    return new Promise((ended) => {
      child?.once('error', (error) => ended(error.message));
      child?.once('exit', (code, signal) => ended(`${signal ?? `exit code ${code}`}${errors()}`));
    });
  }

  let answer: (address: EngineAddress | null) => void = () => undefined;
  const answered = new Promise<EngineAddress | null>((resolveAnswer) => {
    answer = resolveAnswer;
  });
  const exited = run(answer)
    .catch((error: unknown) => String(error))
    .finally(() => over.abort());
  return {
    answered,
    hung: answered.then((address) => (address === null ? never : untilHangs(address, hungMs, over.signal))),
    exited,
    end() {
      over.abort();
      child?.stdin?.end();
    },
    kill() {
      over.abort();
      child?.kill('SIGKILL');
    },
  };
}

function spawnChild(configFile: string, dataFolder: string): ChildProcess {
  const script = join(packageRoot, 'src', 'clickhouse', 'engine-child.mjs');
  return spawn(process.execPath, [script, configFile, dataFolder], {
    cwd: packageRoot,
    stdio: ['pipe', 'ignore', 'pipe'],
    // A Ctrl-C in the terminal is for the parent, which stops the engine last. Its environment may hold secrets.
    detached: true,
    env: { TZ: 'UTC' },
  });
}

/** The end of what the child wrote to stderr, for the reason of its exit. */
function keepTail(child: ChildProcess): () => string {
  let tail = '';
  child.stdin?.on('error', () => undefined);
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-2000);
  });
  return () => (tail.trim() === '' ? '' : `: ${tail.trim().split('\n').slice(-3).join(' ')}`);
}

/** Nothing secret is sent before it is our engine that listens; where somebody else does, the engine ends by itself. */
async function untilAnswers(address: EngineAddress, port: number, signal: AbortSignal): Promise<EngineAddress | null> {
  const client = createClient({ ...address, request_timeout: 2000, log: { level: ClickHouseLogLevel.OFF } });
  try {
    while (!signal.aborted) {
      if ((await listenerOf(port)) === 'ours') {
        const { success } = await client.ping({ select: true, abort_signal: signal });
        if (success && !signal.aborted) return address;
      }
      await new Promise((wait) => setTimeout(wait, askMs));
    }
    return null;
  } finally {
    await client.close();
  }
}

const never = new Promise<never>(() => undefined);

/**
 * A slow engine answers in the end, be it with an error. Time counts only as it is spent waiting for an answer, so that
 * a machine that slept is no reason. An engine that takes no connections says so in a millisecond: there each round
 * counts as a whole.
 */
async function untilHangs(address: EngineAddress, hungMs: number, signal: AbortSignal): Promise<string> {
  let deafRounds = 0;
  for (let silentMs = 0; silentMs < hungMs; ) {
    await wait(watchMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return never;
    const began = performance.now();
    const answer = await askPing(address, Math.min(answerMs, hungMs));
    silentMs = answer === 'answered' ? 0 : silentMs + Math.min(answerMs, performance.now() - began);
    deafRounds = answer === 'deaf' ? deafRounds + 1 : 0;
    if (deafRounds * watchMs >= deafMs) return `it has not taken a connection for ${deafMs / 1000} s`;
  }
  return `it did not answer for ${hungMs / 1000} s`;
}

type PingAnswer = 'answered' | 'silent' | 'deaf';

/**
 * `deaf` if nothing listens there, or another user does, who is told nothing. On a connection of its own, which it
 * closes: an engine that shuts down waits seconds for those that are kept alive.
 */
async function askPing(address: EngineAddress, deadlineMs: number): Promise<PingAnswer> {
  const listener = await listenerOf(Number(new URL(address.url).port));
  if (listener === 'nobody' || listener === 'another') return 'deaf';
  return listener === 'silent' ? 'silent' : await sendPing(address, deadlineMs);
}

function sendPing({ url, pathname, username, password }: EngineAddress, deadlineMs: number): Promise<PingAnswer> {
  return new Promise((resolve) => {
    const auth = `${username}:${password}`;
    const options = { agent: false, auth, signal: AbortSignal.timeout(deadlineMs) } as const;
    const request = get(`${url}${pathname}?query=SELECT%201`, options, (answer) => {
      answer.once('end', () => resolve('answered')).once('error', () => resolve('silent'));
      answer.resume();
    });
    request.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code === 'ECONNREFUSED' ? 'deaf' : 'silent');
    });
  });
}

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo; // a TCP server has no other address
      server.close(() => found(port));
    });
  });
}
