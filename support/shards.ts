/**
 * A real sharded ClickHouse for tests: embedded engines that know one another as the shards of a cluster, without
 * replicas and without Keeper. Each can be killed and started again.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createClient } from '@clickhouse/client';
import { packageRoot } from '../src/base/package-root.ts';
import type { Endpoint } from '../src/clickhouse/endpoint.ts';
import { listenHere } from './free-port.ts';

export interface TestShards {
  readonly cluster: string;
  /** All of them, as CLICKHOUSE_URL has them. */
  readonly url: string;
  readonly endpoints: readonly Endpoint[];
  /** Of those that run. */
  readonly pids: readonly number[];
  /** As ClickHouse names the shard to others: `127.0.0.1:port`. Shards count from 1. */
  addressOf(shard: number): string;
  /** Stops it where it is: it answers nothing until it is killed. */
  freeze(shard: number): void;
  /** kill -9; resolves when it is gone. */
  kill(shard: number): Promise<void>;
  /** Resolves when it answers; it may be there already. */
  start(shard: number): Promise<void>;
  /** Starts those that have ended without being told to, as an engine may when another one is killed; says how many. */
  mend(): Promise<number>;
  stop(): Promise<void>;
}

interface Shard {
  readonly folder: string;
  readonly httpPort: number;
  readonly tcpPort: number;
  child: ChildProcess | null;
}

const user = 'sluice';
const password = 'secret';
const database = 'events';
const startMs = 60_000;

/** `backups`: a folder for BACKUP and RESTORE by `File('name')`. */
export async function startShards(
  count: number,
  cluster = 'shards',
  { backups }: { readonly backups?: string } = {},
): Promise<TestShards> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-shards-'));
  const shards: Shard[] = [];
  const ports = await freePorts(2 * count);
  for (let at = 0; at < count; at += 1) {
    const [httpPort = 0, tcpPort = 0] = ports.slice(2 * at);
    shards.push({ folder: join(folder, `shard-${at + 1}`), httpPort, tcpPort, child: null });
  }
  const more = backups === undefined ? '' : `<backups><allowed_path>${backups}</allowed_path></backups>`;
  for (const shard of shards) writeFiles(shard, shards, cluster, more);
  const shardOf = (nth: number): Shard => {
    const shard = shards[nth - 1];
    if (shard === undefined) throw new Error(`there is no shard ${nth}`);
    return shard;
  };
  await Promise.all(shards.map(startShard));
  return {
    cluster,
    url: shards.map(({ httpPort }) => `http://${user}:${password}@127.0.0.1:${httpPort}/${database}`).join(','),
    endpoints: shards.map(endpointOf),
    get pids() {
      return shards.flatMap(({ child }) => (child?.pid === undefined ? [] : [child.pid]));
    },
    addressOf: (nth) => `127.0.0.1:${shardOf(nth).tcpPort}`,
    freeze: (nth) => void shardOf(nth).child?.kill('SIGSTOP'),
    kill: (nth) => killShard(shardOf(nth)),
    start: (nth) => startShard(shardOf(nth)),
    async mend() {
      const ended = shards.filter(({ child }) => child !== null && !isAlive(child));
      await Promise.all(ended.map(startShard));
      return ended.length;
    },
    async stop() {
      await Promise.all(shards.map(killShard));
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

function endpointOf({ httpPort }: Shard): Endpoint {
  return { url: `http://127.0.0.1:${httpPort}`, pathname: '', username: user, password, database };
}

function isAlive({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

async function killShard(shard: Shard): Promise<void> {
  const { child } = shard;
  shard.child = null;
  if (child === null || !isAlive(child)) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

async function startShard(shard: Shard): Promise<void> {
  if (shard.child === null || !isAlive(shard.child)) {
    const script = join(packageRoot, 'support', 'shard-child.mjs');
    const files = [join(shard.folder, 'config.xml'), join(shard.folder, 'data')];
    shard.child = spawn(process.execPath, [script, ...files], {
      cwd: packageRoot,
      stdio: ['pipe', 'ignore', process.env.TEST_LOG === undefined ? 'ignore' : 'inherit'],
      env: { TZ: 'UTC' },
    });
    shard.child.stdin?.on('error', () => undefined);
  }
  await untilAnswers(shard);
}

/** Asked by the port of the other shards, through itself. */
async function untilAnswers(shard: Shard): Promise<void> {
  const { url, username } = endpointOf(shard);
  const client = createClient({ url, username, password, request_timeout: 5000, log: { level: 127 } });
  const deadline = Date.now() + startMs;
  const query = `SELECT 1 FROM remote('127.0.0.1:${shard.tcpPort}', system.one, '${user}', '${password}')`;
  try {
    for (;;) {
      const answer = await client.query({ query }).then((result) => result.text(), String);
      if (answer.includes('"1"') || answer.includes('"1": 1') || answer.includes('[1]')) return;
      if (Date.now() > deadline) throw new Error(`a shard did not start: ${answer}`);
      await wait(100);
    }
  } finally {
    await client.close();
  }
}

function writeFiles(shard: Shard, shards: readonly Shard[], cluster: string, more: string): void {
  const { folder, httpPort, tcpPort } = shard;
  mkdirSync(join(folder, 'data'), { recursive: true });
  const rest = '<networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>';
  writeFileSync(
    join(folder, 'users.xml'),
    `<clickhouse><users><default><password></password>${rest}</default>
<${user}><password>${password}</password>${rest}</${user}></users>
<profiles><default/></profiles><quotas><default/></quotas></clickhouse>\n`,
  );
  const replicas = shards.map(
    ({ tcpPort: port }) =>
      `<shard><internal_replication>true</internal_replication><replica><host>127.0.0.1</host><port>${port}</port>` +
      `<user>${user}</user><password>${password}</password></replica></shard>`,
  );
  writeFileSync(
    join(folder, 'config.xml'),
    `<clickhouse><users_config>${join(folder, 'users.xml')}</users_config>
<http_port>${httpPort}</http_port><tcp_port>${tcpPort}</tcp_port>
<max_server_memory_usage>1073741824</max_server_memory_usage><background_pool_size>1</background_pool_size>
<background_merges_mutations_concurrency_ratio>2</background_merges_mutations_concurrency_ratio>
<background_schedule_pool_size>2</background_schedule_pool_size><max_thread_pool_size>500</max_thread_pool_size>
<asynchronous_metrics_update_period_s>60</asynchronous_metrics_update_period_s>
<remote_servers><${cluster}>${replicas.join('')}</${cluster}></remote_servers>${more}</clickhouse>\n`,
  );
}

/** Ports that were free a moment ago: an engine must be told its own before it starts. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(servers.map(listenHere));
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}
