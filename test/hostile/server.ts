/**
 * The Sluice that hostile peers meet: from dist, with an engine of its own, its log read by us, or not.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { cleanUp, runBare } from '../../support/bare-sluice.ts';
import { until } from '../../support/poll.ts';

export interface ServerOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly openFilesMax?: number;
}

export interface HostileServer {
  readonly url: string;
  readonly pid: number;
  readonly dataDir: string;
  /** Bytes of its log that we have read. */
  logBytes(): number;
  /** The end of its log. */
  logTail(): string;
  /** Stands still as the reader of its log, reads on, or goes for good. */
  readonly log: { pause(): void; resume(): void; close(): void };
  /** Process ids of its engine: one, none while it is started again, two while the old one ends. */
  engines(): number[];
  /** By name with labels as the page has them. Over one connection that stays. */
  metrics(): Promise<ReadonlyMap<string, number>>;
  isAlive(): boolean;
  /** Stops it and removes its data; resolves to its exit code or signal. */
  stop(): Promise<number | string | null>;
}

const startMs = 120_000;
const stopMs = 60_000;
const tailCharacters = 4_000;

export async function startHostileServer({ env = {}, openFilesMax }: ServerOptions = {}): Promise<HostileServer> {
  const limited = (command: readonly string[]): readonly string[] =>
    openFilesMax === undefined
      ? command
      : ['/bin/sh', '-c', `ulimit -n ${openFilesMax} && exec "$@"`, 'sh', ...command];
  const sluice = runBare({ env: { CLICKHOUSE_URL: '', ...env }, around: limited });
  const { child } = sluice;
  const pid = child.pid ?? 0;
  const killIt = (): void => void child.kill('SIGKILL');
  process.on('exit', killIt);
  let logBytes = 0;
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  for (const stream of streams) stream.on('data', (chunk: Buffer) => (logBytes += chunk.length));
  const url = await until(
    'Sluice listens',
    () => {
      if (child.exitCode !== null) throw new Error(`Sluice ended: ${sluice.output()}`);
      return /listening on (http:\S+)/.exec(sluice.output())?.[1];
    },
    startMs,
  );
  await until('its store answers', () => hasStore(url), startMs);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    url,
    pid,
    dataDir: sluice.dataDir,
    logBytes: () => logBytes,
    logTail: () => sluice.output().slice(-tailCharacters),
    log: {
      pause: () => streams.forEach((stream) => void stream.pause()),
      resume: () => streams.forEach((stream) => void stream.resume()),
      close: () => streams.forEach((stream) => void stream.destroy()),
    },
    engines: () => childrenOf(pid).filter(isEngine),
    metrics: async () => metricsIn(await read(agent, `${url}/metrics`)),
    isAlive: () => child.exitCode === null && child.signalCode === null,
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(killIt, stopMs);
      const ended = await sluice.ended;
      clearTimeout(late);
      process.off('exit', killIt);
      agent.destroy();
      await cleanUp();
      return ended;
    },
  };
}

async function hasStore(url: string): Promise<true | undefined> {
  const headers = { 'content-type': 'application/json' };
  const asked = { method: 'POST', headers, body: '{"limit":0}' };
  const answer = await fetch(`${url}/api/events/filter`, asked).catch(() => null);
  await answer?.text();
  return answer?.status === 200 ? true : undefined;
}

function read(agent: Agent, url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent, timeout: 60_000 }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
      answer.once('error', reject);
      answer.once('end', () => (answer.statusCode === 200 ? resolve(text) : reject(new Error(text.slice(0, 200)))));
    });
    asked.once('error', reject);
    asked.once('timeout', () => asked.destroy(new Error(`No answer to ${url}`)));
    asked.end();
  });
}

function metricsIn(text: string): Map<string, number> {
  return new Map(
    [...text.matchAll(/^sluice_(\w+(?:\{[^}]*\})?) (\S+)$/gm)].map(([, name = '', value]) => [name, Number(value)]),
  );
}

/** Of all its threads. */
function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

function isEngine(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('engine-child');
  } catch {
    return false;
  }
}
