/**
 * A run on three shards without replicas, of which one after the other is killed in the middle of an insert, Sluice too
 * at times: what producers, subscribers and queries see of it, and what is stored in the end (I1, I3, I8, I9).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createClient } from '@clickhouse/client';
import { freePort } from '../peers/server-process.ts';
import { until } from '../poll.ts';
import { randomFrom } from '../random.ts';
import { openShardStore } from '../shard-store.ts';
import { startShards, type TestShards } from '../shards.ts';
import { brokenLaws } from './laws.ts';
import { startProducer } from './producers.ts';
import { witnessOf } from './stored.ts';
import { startSubscriber } from './subscribers.ts';
import { startVictim, type Victim } from './victim.ts';

export interface ShardKillOptions {
  readonly kills: number;
  /** Every so many kills Sluice is killed with the shard. */
  readonly sluiceEvery: number;
  /** Events a second, of all producers. */
  readonly rate: number;
  readonly seed: number;
  /** Hears of each kill once events go in again. */
  readonly say?: (line: string) => void;
}

export interface ShardKillReport {
  /** Empty is good. */
  readonly broken: readonly string[];
  readonly books: Readonly<Record<string, number>>;
}

interface Ready {
  readonly head: number;
  readonly checkpoint: number;
}

const kinds = ['ws', 'http'] as const;
const settleMs = 120_000;

export async function runShardKills(options: ShardKillOptions): Promise<ShardKillReport> {
  const shards = await startShards(3);
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-shard-kills-'));
  const run = new ShardKills(shards, dataDir, await freePort(), options);
  try {
    return await run.run();
  } finally {
    await run.end();
    await shards.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

class ShardKills {
  readonly #shards: TestShards;
  readonly #dataDir: string;
  readonly #port: number;
  readonly #options: ShardKillOptions;
  readonly #random: () => number;
  readonly #producers;
  readonly #subscribers;
  readonly #broken: string[] = [];
  readonly #books = { kills: 0, inMidInsert: 0, sluiceKills: 0, enginesThatDied: 0 };
  #victim: Victim;

  constructor(shards: TestShards, dataDir: string, port: number, options: ShardKillOptions) {
    this.#shards = shards;
    this.#dataDir = dataDir;
    this.#port = port;
    this.#options = options;
    this.#random = randomFrom(options.seed);
    this.#victim = this.#start();
    const load = { port, rate: options.rate / kinds.length, batch: 50 };
    this.#producers = kinds.map((kind, nth) => startProducer(kind, nth, load));
    this.#subscribers = [startSubscriber('live', false, port), startSubscriber('backfilling', true, port)];
  }

  async run(): Promise<ShardKillReport> {
    await this.#untilInserted(0);
    for (let nth = 1; nth <= this.#options.kills; nth += 1) await this.#killOne(nth);
    return await this.#settle();
  }

  async end(): Promise<void> {
    for (const { end } of [...this.#producers, ...this.#subscribers]) end();
    this.#victim.kill();
    await this.#victim.ended;
  }

  async #killOne(nth: number): Promise<void> {
    const began = performance.now();
    const shard = 1 + Math.floor(this.#random() * 3);
    await wait(this.#random() * 300);
    // While one shard stands still an insert waits for it, and the others have their parts.
    this.#shards.freeze(shard);
    if (await this.#insertHangs(shard)) this.#books.inMidInsert += 1;
    await this.#shards.kill(shard);
    this.#books.kills += 1;
    await this.#expectNamed(shard);
    if (nth % this.#options.sluiceEvery === 0) await this.#killSluice();
    await wait(this.#random() * 500);
    await this.#shards.start(shard);
    await this.#untilInserted((await this.#ready()).checkpoint);
    const tookMs = Math.round(performance.now() - began);
    this.#options.say?.(`kill ${nth}: shard ${shard}, ${tookMs} ms until events went in again`);
  }

  /** Whether an insert has been under way for a while on a shard that lives; the first one hangs where it stands. */
  async #insertHangs(frozen: number): Promise<boolean> {
    const asked = this.#shards.endpoints[frozen === 1 ? 1 : 0];
    if (asked === undefined) throw new Error('there are three shards');
    if (frozen === 1) {
      await wait(300);
      return true;
    }
    const client = createClient({ ...asked, database: 'default' });
    const query = `SELECT count() AS inserts FROM system.processes
      WHERE Settings['insert_deduplication_token'] != '' AND is_initial_query AND elapsed > 0.2`;
    try {
      const found = async (): Promise<true | undefined> => {
        const [row] = await (await client.query({ query, format: 'JSONEachRow' })).json<{ inserts: string }>();
        return Number(row?.inserts) > 0 || undefined;
      };
      return (await until('an insert hangs', found, 10_000).catch(() => undefined)) === true;
    } finally {
      await client.close();
    }
  }

  /** A question is answered 503, and says which server is to be started. */
  async #expectNamed(shard: number): Promise<void> {
    const names = [this.#shards.addressOf(shard), this.#shards.endpoints[shard - 1]?.url ?? ''];
    // Of the first shard the statement itself says that nobody answers.
    const wanted = shard === 1 ? ['ClickHouse does not answer', ...names] : names;
    const headers = { 'content-type': 'application/json' };
    const url = `http://127.0.0.1:${this.#port}/api/events/filter`;
    let last = '';
    const isNamed = async (): Promise<true | undefined> => {
      const request = { method: 'POST', headers, body: '{"limit":1}', signal: AbortSignal.timeout(20_000) };
      const answer = await fetch(url, request).catch(() => null);
      last = `${answer?.status} ${await answer?.text()}`;
      return answer?.status === 503 && wanted.some((name) => last.includes(name)) ? true : undefined;
    };
    await until('a question is answered 503 with the name', isNamed, 30_000).catch(() => {
      this.#broken.push(`with shard ${shard} dead a question was answered ${last}`);
    });
  }

  async #killSluice(): Promise<void> {
    this.#victim.kill();
    await this.#victim.ended;
    this.#victim = this.#start();
    if (!(await this.#victim.listening)) throw new Error(this.#victim.output());
    this.#books.sluiceKills += 1;
  }

  #start(): Victim {
    return startVictim({
      dataDir: this.#dataDir,
      port: this.#port,
      env: {
        CLICKHOUSE_URL: this.#shards.url,
        SLUICE_CLICKHOUSE_CLUSTER: this.#shards.cluster,
        SLUICE_CLICKHOUSE_DDL: 'direct',
        SLUICE_FLUSH_MS: '100',
      },
    });
  }

  /** An engine may die of another one's death, a moment later: that one is started again, and counted. */
  async #untilInserted(above: number): Promise<void> {
    const isIn = async (): Promise<true | undefined> => {
      this.#books.enginesThatDied += await this.#shards.mend();
      return (await this.#ready()).checkpoint > above || undefined;
    };
    await until('events are inserted', isIn, settleMs).catch((error: unknown) => {
      throw new Error(`${error}\n${this.#victim.output()}`);
    });
  }

  async #ready(): Promise<Ready> {
    const answer = await fetch(`http://127.0.0.1:${this.#port}/api/ready?verbose=1`).catch(() => null);
    if (answer === null) return { head: 0, checkpoint: 0 };
    return (await answer.json()) as Ready; // readiness.ts writes these
  }

  async #settle(): Promise<ShardKillReport> {
    let finished = false;
    void Promise.all(this.#producers.map((producer) => producer.finish())).then(() => {
      finished = true;
    });
    await until('all is acknowledged', () => finished || undefined, settleMs);
    const isIn = async (): Promise<true | undefined> => {
      this.#books.enginesThatDied += await this.#shards.mend();
      const { head, checkpoint } = await this.#ready();
      return (head > 0 && head === checkpoint) || undefined;
    };
    await until('all is in', isIn, settleMs);
    const acknowledged = this.#producers.reduce((sum, each) => sum + each.acknowledged.size, 0);
    const code = await this.#victim.stop();
    if (code !== 0) this.#broken.push(`the stop ended with ${code}: ${this.#victim.output()}`);
    const store = openShardStore(this.#shards);
    await store.whenReady(AbortSignal.timeout(60_000));
    const witness = await witnessOf(store, this.#dataDir);
    await store.close();
    const connections = this.#subscribers.flatMap((each) => each.connections);
    this.#broken.push(...brokenLaws(this.#producers, connections, witness));
    if (witness.count < acknowledged) this.#broken.push(`${acknowledged} acknowledged, ${witness.count} stored`);
    if (witness.deadLetters.size > 0) this.#broken.push(`${witness.deadLetters.size} events are in the dead letter`);
    const twice = witness.count - witness.distinctIds;
    return { broken: this.#broken, books: { ...this.#books, acknowledged, rows: witness.count, twice } };
  }
}
