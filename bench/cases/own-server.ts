/**
 * A Sluice of a case's own, in a fresh data folder, with the settings that the case needs; and what its verbose
 * readiness says.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchSluice } from '../../support/peers/sluice.ts';
import { childrenOf, cpuSeconds } from '../machine.ts';
import { type BenchTarget, pause } from '../target.ts';

export interface OwnServer extends BenchTarget {
  readonly pid: number;
  /** Of one that `withServer` started. */
  readonly dataDir?: string;
  /** Of the embedded engine; null if it is not found. */
  readonly enginePid: number | null;
}

export async function withServer<Result>(
  root: string,
  env: Readonly<Record<string, string>>,
  work: (server: OwnServer) => Promise<Result>,
): Promise<Result> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const server = await launchSluice({ root, dataDir, env: { SLUICE_LOG_LEVEL: 'warn', ...env } });
  const authString = env['SLUICE_AUTH_STRING'];
  const enginePid = childrenOf(server.pid, 'engine-child')[0] ?? null;
  try {
    return await work({
      name: 'sluice',
      url: server.url,
      pid: server.pid,
      dataDir,
      isPeer: false,
      enginePid,
      ...(authString !== undefined && { authString }),
    });
  } finally {
    if (enginePid !== null) signal(enginePid, 'SIGCONT');
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** The parts of `/api/ready?verbose=1` that cases look at. */
export interface Verbose {
  readonly liveSubscribers: number;
  readonly pending: number;
  readonly books: Readonly<Record<string, number>>;
  /** Null where nothing is forwarded to a Prefect server. */
  readonly forwarder: { readonly lagSeconds: number | null } | null;
}

export async function verbose(target: BenchTarget): Promise<Verbose> {
  const headers: Record<string, string> =
    target.authString === undefined
      ? {}
      : { authorization: `Basic ${Buffer.from(target.authString).toString('base64')}` };
  const answer = await fetch(`${target.url}/api/ready?verbose=1`, { headers });
  return (await answer.json()) as Verbose; // Sluice's own answer
}

export async function until(target: BenchTarget, deadlineMs: number, isSo: (seen: Verbose) => boolean): Promise<void> {
  const start = performance.now();
  while (!isSo(await verbose(target))) {
    if (performance.now() - start > deadlineMs) throw new Error(`Not so after ${deadlineMs} ms: ${isSo}`);
    await pause(50);
  }
}

/** All that was taken is in ClickHouse, and the engine has had a moment for its merges. */
export function untilDrained(target: BenchTarget): Promise<void> {
  return until(target, 120_000, ({ pending }) => pending === 0);
}

/** Runs the work while the engine stands still. */
export async function withEngineStopped<Result>(server: OwnServer, work: () => Promise<Result>): Promise<Result> {
  if (server.enginePid === null) throw new Error('The engine was not found');
  signal(server.enginePid, 'SIGSTOP');
  try {
    return await work();
  } finally {
    signal(server.enginePid, 'SIGCONT');
  }
}

/** CPU seconds of the server's own process while the work runs. */
export async function cpuOf<Result>(
  pid: number,
  work: () => Promise<Result>,
): Promise<{ result: Result; cpu: number }> {
  const before = cpuSeconds(pid) ?? Number.NaN;
  const result = await work();
  return { result, cpu: (cpuSeconds(pid) ?? Number.NaN) - before };
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}
