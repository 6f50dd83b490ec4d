/**
 * A run with ClickHouse hung (SIGSTOP) under load, from its start or later, Sluice killed in the middle if asked for:
 * what producers, subscribers and queries see of it (I9), and how the backlog drains afterwards.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { engineOf } from '../engine-process.ts';
import { freePort } from '../peers/server-process.ts';
import { until } from '../poll.ts';
import { brokenLaws } from './laws.ts';
import { startProducer } from './producers.ts';
import { readWitness } from './stored.ts';
import { type Seen, startSubscriber } from './subscribers.ts';
import { killEngine, signalEngine, startVictim, type Victim } from './victim.ts';

export interface OutageOptions {
  /** Whether ClickHouse hangs from its start, or once it has served for a while. */
  readonly from: 'start' | 'later';
  /** How long it has served before it hangs, if later: its memory is compared with what it was then. */
  readonly warmSeconds?: number;
  readonly seconds: number;
  /** Events a second, of all producers. */
  readonly rate: number;
  /** kill -9 of Sluice, half-way through. */
  readonly kill: boolean;
}

export interface OutageReport {
  /** Empty is good. */
  readonly broken: readonly string[];
  readonly books: Readonly<Record<string, number>>;
}

interface Ready {
  readonly status: number;
  readonly head: number;
  readonly checkpoint: number;
  readonly memory: Memory;
}

/** In bytes, as the process says. */
interface Memory {
  readonly rss: number;
  readonly heapTotal: number;
  readonly arrayBuffers: number;
}

interface Drain {
  readonly backlog: number;
  /** After ClickHouse was let go. */
  readonly firstBatchMs: number;
  readonly drainedMs: number;
  /** Events a second from the first batch on; 0 where one batch held them all. */
  readonly rate: number;
  /** The greatest of each. */
  readonly memory: Memory;
}

const holdMs = 100;
const drainMs = 120_000;
const mebibyte = 1024 * 1024;
const kinds = ['ws', 'ws', 'http', 'http'] as const;

export async function runOutage(options: OutageOptions): Promise<OutageReport> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-outage-'));
  const outage = new Outage(dataDir, await freePort(), options);
  try {
    return await outage.run();
  } finally {
    await outage.end();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

class Outage {
  readonly #dataDir: string;
  readonly #port: number;
  readonly #options: OutageOptions;
  readonly #producers;
  readonly #live;
  readonly #backfilling;
  readonly #broken: string[] = [];
  #victim: Victim;
  /** Came while the store was down. */
  #waiting: ReturnType<typeof startSubscriber> | null = null;
  #hold: NodeJS.Timeout | undefined;

  constructor(dataDir: string, port: number, options: OutageOptions) {
    this.#dataDir = dataDir;
    this.#port = port;
    this.#options = options;
    this.#victim = this.#start();
    const load = { port, rate: options.rate / kinds.length, batch: 50 };
    this.#producers = kinds.map((kind, nth) => startProducer(kind, nth, load));
    this.#live = startSubscriber('live', false, port);
    this.#backfilling = startSubscriber('backfilling', true, port);
  }

  async run(): Promise<OutageReport> {
    if (this.#options.from === 'later') await this.#untilServing();
    await wait((this.#options.warmSeconds ?? 0) * 1000);
    this.#holdEngine();
    await until('an engine hangs', () => engineOf(this.#dataDir) !== null || undefined);
    if (!(await this.#victim.listening)) throw new Error(this.#victim.output());
    await until(
      'all producers are acknowledged',
      () => this.#producers.every(({ acknowledged }) => acknowledged.size > 0) || undefined,
    );
    const before = await this.#ready();
    const troublesBefore = this.#troubles();
    const closesBefore = closes([...this.#live.connections]);
    const began = performance.now();
    await this.#bear(began);
    const kills = this.#options.kill ? 1 : 0;
    if (kills === 0 && this.#troubles() > troublesBefore) this.#broken.push('a producer noticed the outage');
    if (closes([...this.#live.connections]) > closesBefore + kills)
      this.#broken.push('a live subscriber noticed the outage');
    const during = await this.#ready();
    const drain = await this.#drain();
    return await this.#settle(before, during, drain);
  }

  async end(): Promise<void> {
    clearInterval(this.#hold);
    for (const { end } of [...this.#producers, this.#live, this.#backfilling]) end();
    this.#victim.kill();
    await this.#victim.ended;
    killEngine(this.#dataDir);
  }

  /** The time of the outage: what queries and new subscribers are told, and the kill. */
  async #bear(began: number): Promise<void> {
    const { seconds, kill } = this.#options;
    const passed = (): number => (performance.now() - began) / 1000;
    await until('queries are answered 503 with Retry-After', () => this.#queryIsRefused(), 20_000);
    const waiting = startSubscriber('waiting', true, this.#port);
    if (kill) {
      await until('half of the outage is over', () => passed() > seconds / 2 || undefined, seconds * 1000);
      this.#victim.kill();
      await this.#victim.ended;
      this.#victim = this.#start();
      if (!(await this.#victim.listening)) throw new Error(this.#victim.output());
    }
    await until('the outage is over', () => passed() > seconds || undefined, seconds * 1000 + 20_000);
    if (waiting.connections.at(-1)?.keys.length !== 0) this.#broken.push('a backfilling subscriber did not wait');
    await until('queries are still refused', () => this.#queryIsRefused(), 5_000);
    this.#waiting = waiting;
  }

  /** Lets ClickHouse go; the backlog must go down while producers go on. */
  async #drain(): Promise<Drain> {
    clearInterval(this.#hold);
    const backlog = await this.#backlog();
    const began = performance.now();
    const waitMs = (): number => performance.now() - began;
    signalEngine(this.#dataDir, 'SIGCONT');
    const { checkpoint } = await this.#ready();
    const first = await until(
      'the first batch is in',
      async () => {
        const ready = await this.#ready();
        return ready.checkpoint > checkpoint ? { ...ready, atMs: waitMs() } : undefined;
      },
      drainMs,
    );
    let { memory } = first;
    const last = await until(
      'the backlog is drained',
      async () => {
        const ready = await this.#ready();
        memory = greatest(memory, ready.memory);
        return ready.head - ready.checkpoint < this.#options.rate ? { ...ready, atMs: waitMs() } : undefined;
      },
      drainMs,
    );
    const rate = (1000 * (last.checkpoint - first.checkpoint)) / Math.max(1, last.atMs - first.atMs);
    return { backlog, firstBatchMs: first.atMs, drainedMs: last.atMs, rate, memory };
  }

  async #backlog(): Promise<number> {
    const { head, checkpoint } = await this.#ready();
    return head - checkpoint;
  }

  async #settle(before: Ready, during: Ready, drain: Drain): Promise<OutageReport> {
    let finished = false;
    void Promise.all(this.#producers.map((producer) => producer.finish())).then(() => {
      finished = true;
    });
    await until('all is acknowledged', () => finished || undefined, drainMs);
    await until(
      'all is in',
      async () => ((await this.#ready()).head === (await this.#ready()).checkpoint ? true : undefined),
      drainMs,
    );
    const all = [this.#live, this.#backfilling, this.#waiting].flatMap((each) => each?.connections ?? []);
    const acknowledged = this.#producers.reduce((sum, each) => sum + each.acknowledged.size, 0);
    const waited = this.#waiting?.connections.at(-1);
    await until('the waiting subscriber goes on by itself', () => (waited?.keys.length ?? 0) > 0 || undefined);
    const code = await this.#victim.stop();
    if (code !== 0) this.#broken.push(`the stop ended with ${code}: ${this.#victim.output()}`);
    const witness = await readWitness(this.#dataDir);
    this.#broken.push(...brokenLaws(this.#producers, all, witness));
    if (witness.count !== acknowledged) this.#broken.push(`${acknowledged} acknowledged, ${witness.count} stored`);
    return {
      broken: this.#broken,
      books: {
        acknowledged,
        rows: witness.count,
        backlog: drain.backlog,
        msToFirstBatch: Math.round(drain.firstBatchMs),
        msToDrained: Math.round(drain.drainedMs),
        drainedPerSecond: Math.round(drain.rate),
        drainToIntake: Math.round((drain.rate / this.#options.rate) * 10) / 10,
        rssBeforeMiB: mebibytes(before.memory.rss),
        rssAtTheEndOfTheOutageMiB: mebibytes(during.memory.rss),
        rssWhileDrainingMiB: mebibytes(drain.memory.rss),
        heapWhileDrainingMiB: mebibytes(drain.memory.heapTotal),
        arrayBuffersWhileDrainingMiB: mebibytes(drain.memory.arrayBuffers),
      },
    };
  }

  #start(): Victim {
    return startVictim({
      dataDir: this.#dataDir,
      port: this.#port,
      env: { SLUICE_FLUSH_MS: '200', SLUICE_ENGINE_HUNG_MS: '3600000' },
    });
  }

  /** An engine that is started meanwhile hangs, too. */
  #holdEngine(): void {
    const stop = (): boolean => signalEngine(this.#dataDir, 'SIGSTOP');
    stop();
    this.#hold = setInterval(stop, holdMs);
  }

  async #untilServing(): Promise<void> {
    await until('queries are answered', async () => ((await this.#query()).status === 200 ? true : undefined), 60_000);
    await until('events are inserted', async () => {
      const { head, checkpoint } = await this.#ready();
      return head > 0 && checkpoint > 0 && head - checkpoint < this.#options.rate ? true : undefined;
    });
  }

  async #queryIsRefused(): Promise<true | undefined> {
    const answer = await this.#query();
    return answer.status === 503 && Number(answer.headers.get('retry-after')) > 0 ? true : undefined;
  }

  async #query(): Promise<Response> {
    const headers = { 'content-type': 'application/json' };
    const url = `http://127.0.0.1:${this.#port}/api/events/filter`;
    return fetch(url, { method: 'POST', headers, body: '{"limit":1}', signal: AbortSignal.timeout(2_000) }).catch(
      () => new Response(null, { status: 504 }),
    );
  }

  async #ready(): Promise<Ready> {
    const answer = await fetch(`http://127.0.0.1:${this.#port}/api/ready?verbose=1`);
    const ready = (await answer.json()) as Omit<Ready, 'status'>; // readiness.ts writes these
    if (answer.status !== 200) this.#broken.push(`/api/ready answered ${answer.status}`);
    return { ...ready, status: answer.status };
  }

  #troubles(): number {
    return this.#producers.reduce((sum, { troubles }) => sum + troubles, 0);
  }
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / mebibyte);
}

function greatest(one: Memory, other: Memory): Memory {
  return {
    rss: Math.max(one.rss, other.rss),
    heapTotal: Math.max(one.heapTotal, other.heapTotal),
    arrayBuffers: Math.max(one.arrayBuffers, other.arrayBuffers),
  };
}

function closes(connections: readonly Seen[]): number {
  return connections.filter(({ endedMs }) => endedMs !== null).length;
}
