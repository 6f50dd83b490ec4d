/** Gateways from dist on one NATS server and one ClickHouse, for a test file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectNats } from '../../src/nats/connect-nats.ts';
import { sharedKey } from '../../src/nats/shared-key.ts';
import { startTestStore, type TestStore } from '../../support/engine.ts';
import { installNats, launchNats, type NatsProcess } from '../../support/peers/nats-server.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import { type PrefixProxy, startPrefixProxy } from '../../support/prefix-proxy.ts';
import { type StartOptions, startSluice, type TestSluice } from '../../support/sluice.ts';
import { basicAuth, type Target } from '../../support/target.ts';

export const installed = await installNats(repositoryRoot());
if (!installed.found) console.info(installed.sentence);

export const database = 'shared';

export class Cluster {
  readonly root: string;
  readonly clickhouse: TestStore;
  nats: NatsProcess;
  readonly #proxy: PrefixProxy;
  readonly #url: string;
  readonly #gateways = new Map<string, TestSluice>();

  private constructor(root: string, clickhouse: TestStore, nats: NatsProcess, proxy: PrefixProxy, url: string) {
    this.root = root;
    this.clickhouse = clickhouse;
    this.nats = nats;
    this.#proxy = proxy;
    this.#url = url;
  }

  static async start(): Promise<Cluster> {
    const root = mkdtempSync(join(tmpdir(), 'sluice-gateways-'));
    const nats = await launchNats(folder(), { directory: join(root, 'nats') });
    const clickhouse = await startTestStore();
    const { url, pathname, username, password } = await clickhouse.endpoint();
    const proxy = await startPrefixProxy(url, pathname);
    const store = `http://${username}:${encodeURIComponent(password)}@127.0.0.1:${proxy.port}/${database}`;
    return new Cluster(root, clickhouse, nats, proxy, store);
  }

  /** Of events, as the embedded engine knows it. */
  get table(): string {
    return `${database}.events`;
  }

  /** The settings of a gateway. */
  env(id: string): Record<string, string> {
    return {
      SLUICE_LOG: this.nats.url,
      SLUICE_GATEWAY_ID: id,
      SLUICE_SIGNING_KEY: 'the key that all gateways share',
      CLICKHOUSE_URL: this.#url,
    };
  }

  dataDir(id: string): string {
    return join(this.root, id);
  }

  async gateway(
    id: string,
    env: Record<string, string> = {},
    how: Pick<StartOptions, 'root' | 'port'> = {},
  ): Promise<TestSluice> {
    const gateway = await startSluice({ dataDir: this.dataDir(id), env: { ...this.env(id), ...env }, ...how });
    this.#gateways.set(id, gateway);
    return gateway;
  }

  /** While it is, no gateway gets through to ClickHouse. */
  set isStoreAway(is: boolean) {
    this.#proxy.isAway = is;
  }

  async killNats(): Promise<void> {
    await this.nats.kill();
  }

  async startNats(): Promise<void> {
    this.nats = await launchNats(folder(), { directory: join(this.root, 'nats'), port: this.nats.port });
  }

  /** What ClickHouse has: events, and different ids among them. */
  async counts(event: string): Promise<{ events: number; ids: number }> {
    const sql = `SELECT count() AS events, uniqExact(id) AS ids FROM ${this.table}
      WHERE JSONExtractString(raw, 'event') = {event:String}`;
    const [found] = await this.clickhouse.store.rows<{ events: number; ids: number }>(sql, { event });
    return found ?? { events: 0, ids: 0 };
  }

  /** The first and the last seq of each event that ClickHouse has, by its name. */
  async seqs(): Promise<Readonly<Record<string, { readonly first: number; readonly last: number }>>> {
    const sql = `SELECT JSONExtractString(raw, 'event') AS event, min(seq) AS first, max(seq) AS last
      FROM ${database}.events GROUP BY event`;
    const rows = await this.clickhouse.store.rows<{ event: string; first: number; last: number }>(sql, {});
    return Object.fromEntries(rows.map(({ event, ...seqs }) => [event, seqs]));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#gateways.values()].map((gateway) => gateway.stop()));
    this.#proxy.close();
    await this.clickhouse.stop();
    await this.nats.kill();
    rmSync(this.root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

function folder(): string {
  return installed.found ? installed.folder : '';
}

export function targetOf(gateway: { readonly url: string }): Target {
  return { baseUrl: () => gateway.url, strict: true };
}

/** Leaves of the stream what lies behind the place at which new gateways begin, once that is its end. */
export async function purgeBehindBase({ nats: { url } }: Cluster): Promise<void> {
  const nats = await connectNats({ servers: [url], name: 'test' });
  const key = sharedKey(nats, { bucket: 'SLUICE_STATE', name: 'base' });
  const { state } = await nats.manager.streams.info('SLUICE');
  await until(
    'new gateways begin at the end of the stream',
    async () => {
      const base = JSON.parse((await key.read())?.text ?? '{}') as { stream?: number };
      return (base.stream ?? 0) >= state.last_seq ? true : undefined;
    },
    sameHeadMs,
  );
  await nats.manager.streams.purge('SLUICE', { seq: state.last_seq + 1 });
  await nats.close();
}

const sameHeadMs = 400_000;

/** The seq up to which all of them have everything, once nothing waits and it is stored. */
export async function sameHead(...gateways: readonly { readonly url: string }[]): Promise<number> {
  return await until(
    'all gateways have the same, and it is stored',
    async () => {
      const all = await Promise.all(gateways.map(standing));
      const heads = new Set(all.flatMap(({ head, checkpoint }) => [head, checkpoint]));
      const isDone = heads.size === 1 && all.every(({ gateway, status }) => gateway?.waiting === 0 && status === 200);
      return isDone ? all[0]?.head : undefined;
    },
    sameHeadMs,
  );
}

/** What a gateway says of itself. */
export function standing(gateway: { readonly url: string }): Promise<Standing> {
  return standingFor(gateway, '');
}

/** The same, to whoever has this auth string. */
export async function standingFor(gateway: { readonly url: string }, authString: string): Promise<Standing> {
  const headers = authString === '' ? {} : { authorization: basicAuth(authString) };
  const answer = await fetch(`${gateway.url}/api/ready?verbose=1`, { headers });
  return { status: answer.status, ...((await answer.json()) as object) } as Standing; // looked at by the tests
}

export interface Standing {
  readonly status: number;
  readonly message: string;
  readonly head: number;
  readonly checkpoint: number;
  readonly gateway: {
    readonly id: string;
    readonly parked: number;
    readonly idsTaken: number;
    readonly writer: string;
    readonly term: number;
    readonly waiting: number;
    readonly applied: number;
    readonly promise: string;
  } | null;
  readonly forwarder: {
    readonly by: string;
    readonly phase: string;
    readonly reason: string;
    readonly lagEvents: number;
    readonly unconfirmedEvents: number;
  } | null;
}
