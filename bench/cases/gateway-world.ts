/**
 * One Sluice and several gateways of one log, on one NATS server and one ClickHouse that all share, and what a load
 * costs each of their processes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startTestStore, type TestStore } from '../../support/engine.ts';
import { installNats, launchNats, type NatsProcess } from '../../support/peers/nats-server.ts';
import type { ServerProcess } from '../../support/peers/server-process.ts';
import { launchSluice } from '../../support/peers/sluice.ts';
import { type PrefixProxy, startPrefixProxy } from '../../support/prefix-proxy.ts';
import { startLoad } from '../load/load-maker.ts';
import type { ProduceReport } from '../load/produce.ts';
import { cpuSeconds } from '../machine.ts';
import { freshNames } from '../target.ts';

export const eventBytes = 1_100;
const loadMs = 120_000;
const drainMs = 60_000;

export class GatewayWorld {
  readonly nats: NatsProcess;
  readonly single: ServerProcess;
  /** The first one writes into ClickHouse. */
  readonly gateways: ServerProcess[] = [];
  readonly #root: string;
  readonly #folder: string;
  readonly #clickhouse: TestStore;
  readonly #proxy: PrefixProxy;
  readonly #storeOf: (database: string) => string;

  private constructor(root: string, folder: string, parts: Pick<GatewayWorld, 'nats' | 'single'> & StoreParts) {
    this.#root = root;
    this.#folder = folder;
    this.nats = parts.nats;
    this.single = parts.single;
    this.#clickhouse = parts.clickhouse;
    this.#proxy = parts.proxy;
    this.#storeOf = parts.storeOf;
  }

  static async open(root: string, count: number): Promise<GatewayWorld> {
    const installed = await installNats(root);
    if (!installed.found) throw new Error(installed.sentence);
    const folder = mkdtempSync(join(tmpdir(), 'sluice-gateways-'));
    const clickhouse = await startTestStore();
    const nats = await launchNats(installed.folder, { directory: join(folder, 'nats') });
    const { url, pathname, username, password } = await clickhouse.endpoint();
    const proxy = await startPrefixProxy(url, pathname);
    const storeOf = (database: string): string =>
      `http://${username}:${encodeURIComponent(password)}@127.0.0.1:${proxy.port}/${database}`;
    const single = await start(root, join(folder, 'single'), { CLICKHOUSE_URL: storeOf('single') });
    const world = new GatewayWorld(root, folder, { nats, single, clickhouse, proxy, storeOf });
    await world.grow(count);
    return world;
  }

  /** Until there are so many gateways. */
  async grow(count: number): Promise<void> {
    while (this.gateways.length < count) {
      const id = `g${this.gateways.length}`;
      const env = { CLICKHOUSE_URL: this.#storeOf('shared'), SLUICE_LOG: this.nats.url, SLUICE_GATEWAY_ID: id };
      this.gateways.push(await start(this.#root, join(this.#folder, id), env));
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.single, ...this.gateways].map((server) => server.stop()));
    this.#proxy.close();
    await this.#clickhouse.stop();
    await this.nats.kill();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

interface StoreParts {
  readonly clickhouse: TestStore;
  readonly proxy: PrefixProxy;
  readonly storeOf: (database: string) => string;
}

function start(root: string, dataDir: string, env: Record<string, string>): Promise<ServerProcess> {
  const common = { SLUICE_LOG_LEVEL: 'warn', SLUICE_SIGNING_KEY: 'of all gateways of the bench' };
  return launchSluice({ root, dataDir, env: { ...common, ...env } });
}

export interface SteadyLoad {
  readonly rate: number;
  readonly seconds: number;
  /** So many at once, and a ping behind them. */
  readonly burst: number;
}

/** Sends one by one socket; resolves when all has been acknowledged. */
export async function produce(
  { url }: ServerProcess,
  { rate, seconds, burst }: SteadyLoad,
  names = freshNames(),
): Promise<number> {
  const shape = { eventBytes, seconds, rate, burst, pingEvery: burst, pingsMax: 100 };
  const { sent, acknowledged } = await startLoad<ProduceReport>('produce', { url, ...names, ...shape }, loadMs)
    .finished;
  if (acknowledged !== sent) throw new Error(`only ${acknowledged} of ${sent} events were acknowledged`);
  return sent;
}

export interface Measured {
  /** µs of CPU of each process, an event. */
  readonly micros: readonly number[];
  readonly sent: number;
}

/** What a load to one costs each of these processes, until all is in ClickHouse. */
export async function costOfLoad(
  taking: ServerProcess,
  load: SteadyLoad,
  measured: readonly { readonly pid: number; readonly url: string }[],
): Promise<Measured> {
  const before = measured.map(({ pid }) => cpuOf(pid));
  const sent = await produce(taking, load);
  for (const { url } of measured) if (url.startsWith('http')) await drained(url);
  return { micros: measured.map(({ pid }, nth) => ((cpuOf(pid) - (before[nth] ?? 0)) * 1e6) / sent), sent };
}

async function drained(url: string): Promise<void> {
  const deadline = performance.now() + drainMs;
  while ((await saysOf(url)).pending > 0) {
    if (performance.now() > deadline) throw new Error('it is not in ClickHouse in time');
    await wait(50);
  }
}

/** `gateway` is null for a single Sluice. */
export async function saysOf(url: string): Promise<{ pending: number; gateway: { applied: number } | null }> {
  const answer = await fetch(`${url}/api/ready?verbose=1`);
  return (await answer.json()) as { pending: number; gateway: { applied: number } | null }; // Sluice's own
}

export function cpuOf(pid: number): number {
  return cpuSeconds(pid) ?? Number.NaN;
}
