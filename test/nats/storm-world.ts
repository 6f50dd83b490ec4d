/**
 * What a storm goes over: three gateways from dist, three NATS servers that are one cluster, one ClickHouse. Each
 * gateway has links of its own to the servers, so that it alone can be cut off.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startVictim, type Victim } from '../../support/crash/victim.ts';
import { startTestStore, type TestStore } from '../../support/engine.ts';
import { NatsCluster, type NatsPlace } from '../../support/peers/nats-cluster.ts';
import { type NatsLink, startNatsLink } from '../../support/peers/nats-link.ts';
import { freePort } from '../../support/peers/server-process.ts';
import { until } from '../../support/poll.ts';
import { type PrefixProxy, startPrefixProxy } from '../../support/prefix-proxy.ts';
import { type Standing, standing } from './cluster.ts';

export interface StormWorldOptions {
  /** Of the installed NATS server. */
  readonly folder: string;
  readonly random: () => number;
  /** Of each gateway. */
  readonly env: (nth: number) => Readonly<Record<string, string>>;
  /** As in NatsClusterOptions. */
  readonly jetstream?: string;
  readonly places?: readonly NatsPlace[];
  /** Where gateways and servers have their folders; by default in one that is removed at the end. */
  readonly root?: string;
}

export const database = 'storm';
export const gatewayNames = ['one', 'two', 'three'] as const;
const answersLost = 0.1;
const messagesLost = 0.003;

export class StormWorld {
  readonly root: string;
  readonly clickhouse: TestStore;
  readonly store: PrefixProxy;
  readonly nats: NatsCluster;
  readonly gateways: readonly StormGateway[];
  readonly #isOwnRoot: boolean;

  private constructor(parts: Pick<StormWorld, 'root' | 'clickhouse' | 'store' | 'nats' | 'gateways'>, isOwn: boolean) {
    this.root = parts.root;
    this.clickhouse = parts.clickhouse;
    this.store = parts.store;
    this.nats = parts.nats;
    this.gateways = parts.gateways;
    this.#isOwnRoot = isOwn;
  }

  static async start(options: StormWorldOptions): Promise<StormWorld> {
    const { folder, random, env, jetstream, places } = options;
    const root = options.root ?? mkdtempSync(join(tmpdir(), 'sluice-storm-'));
    const directories = gatewayNames.map((_, nth) => join(root, `nats-${nth}`));
    const [clickhouse, nats] = await Promise.all([
      startTestStore(),
      NatsCluster.start(folder, {
        directories,
        ...(jetstream !== undefined && { jetstream }),
        ...(places !== undefined && { places }),
      }),
    ]);
    const { url, pathname, username, password } = await clickhouse.endpoint();
    const store = await startPrefixProxy(url, pathname);
    const clickhouseUrl = `http://${username}:${encodeURIComponent(password)}@127.0.0.1:${store.port}/${database}`;
    const faults = { random, answers: answersLost, messages: messagesLost };
    const gateways = await Promise.all(
      gatewayNames.map(async (id, nth) => {
        const links = await Promise.all(directories.map((_, server) => startNatsLink(nats.addressOf(server), faults)));
        const own = {
          SLUICE_LOG: links.map(({ port }) => `nats://127.0.0.1:${port}`).join(','),
          SLUICE_GATEWAY_ID: id,
          SLUICE_SIGNING_KEY: 'the key that all gateways share',
          CLICKHOUSE_URL: clickhouseUrl,
          ...env(nth),
        };
        return new StormGateway(id, join(root, id), await freePort(), own, links);
      }),
    );
    const world = new StormWorld({ root, clickhouse, store, nats, gateways }, options.root === undefined);
    await Promise.all(gateways.map((gateway) => gateway.start())).catch(async (error: unknown) => {
      await world.stop();
      throw error;
    });
    return world;
  }

  /** All that was held up goes on, and nothing more is lost. */
  async calm(): Promise<void> {
    this.store.isAway = false;
    for (const gateway of this.gateways) gateway.calm();
    for (let nth = 0; nth < this.nats.size; nth += 1) {
      this.nats.signal(nth, 'SIGCONT');
      await this.nats.restart(nth);
    }
    for (const gateway of this.gateways) if (!gateway.isUp) await gateway.start();
  }

  get lost(): { answers: number; messages: number } {
    const all = this.gateways.flatMap(({ links }) => links.map(({ lost }) => lost));
    return {
      answers: all.reduce((sum, { answers }) => sum + answers, 0),
      messages: all.reduce((sum, { messages }) => sum + messages, 0),
    };
  }

  async stop(): Promise<void> {
    await Promise.all(this.gateways.map((gateway) => gateway.end()));
    await this.nats.stop();
    this.store.close();
    await this.clickhouse.stop();
    if (this.#isOwnRoot) rmSync(this.root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

export class StormGateway {
  readonly id: string;
  readonly dataDir: string;
  readonly port: number;
  readonly links: readonly NatsLink[];
  readonly #env: Readonly<Record<string, string>>;
  #victim: Victim | null = null;

  constructor(id: string, dataDir: string, port: number, env: Record<string, string>, links: readonly NatsLink[]) {
    this.id = id;
    this.dataDir = dataDir;
    this.port = port;
    this.links = links;
    this.#env = env;
  }

  get isUp(): boolean {
    return this.#victim?.isAlive === true;
  }

  /** Resolves once it listens; rejects if it ends instead. */
  async start(): Promise<void> {
    mkdirSync(this.dataDir, { recursive: true });
    const victim = startVictim({ dataDir: this.dataDir, port: this.port, env: this.#env });
    this.#victim = victim;
    if (!(await victim.listening)) throw new Error(`Gateway ${this.id} ended at its start: ${victim.output()}`);
  }

  async kill(): Promise<void> {
    this.#victim?.kill();
    await this.#victim?.ended;
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    if (this.#victim !== null && this.isUp) process.kill(this.#victim.pid, signal);
  }

  set isCutOff(is: boolean) {
    for (const link of this.links) link.isSilent = is;
  }

  calm(): void {
    this.signal('SIGCONT');
    this.isCutOff = false;
    for (const link of this.links) link.calm();
  }

  /** Null while it does not answer. */
  standing(): Promise<Standing | null> {
    return standing({ url: `http://127.0.0.1:${this.port}` }).catch(() => null);
  }

  /** Asks it to end; resolves to how it did. */
  async stop(): Promise<NodeJS.Signals | number> {
    return (await this.#victim?.stop()) ?? 0;
  }

  output(): string {
    return this.#victim?.output() ?? '';
  }

  async end(): Promise<void> {
    this.signal('SIGCONT');
    await this.kill();
    for (const link of this.links) link.close();
  }
}

/** Which gateway writes, by the word of any that answers. */
export async function writerOf({ gateways }: StormWorld): Promise<StormGateway | undefined> {
  for (const gateway of gateways) {
    const writer = (await gateway.standing())?.gateway?.writer;
    const found = gateways.find(({ id }) => id === writer);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** All gateways have the same, nothing waits, and ClickHouse has all of it. Resolves to the newest seq. */
export function untilSettled({ gateways }: StormWorld, deadlineMs: number): Promise<number> {
  let last = '';
  const ask = async (): Promise<number | undefined> => {
    const all = await Promise.all(gateways.map((gateway) => gateway.standing()));
    last = all.map((each) => `${each?.head}/${each?.checkpoint}/${each?.gateway?.waiting} ${each?.message}`).join('; ');
    const [first] = all;
    const isSettled = all.every(
      (each) => each?.gateway?.waiting === 0 && each.head === first?.head && each.checkpoint === first.head,
    );
    return isSettled ? first?.head : undefined;
  };
  return until('all gateways have all, and ClickHouse too', ask, deadlineMs).catch((error: unknown) => {
    throw new Error(`${error} (${last})\n${gateways.map((gateway) => gateway.output().slice(-2_000)).join('\n')}`);
  });
}
