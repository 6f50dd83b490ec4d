/**
 * A run: load on the real process, kills by plan, a restart on the same data folder after each, and at the end what is
 * owed to whom (laws.ts) against what ClickHouse has.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Observation } from '../../src/app/observe.ts';
import type { FailPointName } from '../../src/base/fail-point.ts';
import { brokenLaws, indexRows } from '../../support/crash/laws.ts';
import { type Producer, startProducer } from '../../support/crash/producers.ts';
import { readWitness, refusePoison, type Witness } from '../../support/crash/stored.ts';
import { type Subscriber, startSubscriber } from '../../support/crash/subscribers.ts';
import { killEngine, startVictim, type Victim } from '../../support/crash/victim.ts';
import { engineOf } from '../../support/engine-process.ts';
import { freePort } from '../../support/peers/server-process.ts';
import { until } from '../../support/poll.ts';
import type { Kill } from './plan.ts';
import { cutPower } from './power-cut.ts';
import { type Random, seeded } from './random.ts';
import { judgeLives } from './resumed-laws.ts';
import { type Resumer, startResumer } from './resumers.ts';

export interface RunOptions {
  readonly kills: readonly Kill[];
  readonly durability: 'process' | 'fsync';
  /**
   * By this seed, each kill but a few of Sluice alone is a power cut: of Sluice's files only what is synced is sure.
   */
  readonly powerCutSeed?: number;
  /** Events a second, of each of the four producers. */
  readonly rate: number;
  readonly say: (line: string) => void;
  /** Asked before each kill: true leaves out the rest. */
  readonly isEnough?: () => boolean;
}

export interface RunReport {
  /** Kills that happened, by what was killed or by the fail point. */
  readonly hits: Readonly<Record<string, number>>;
  /** Empty is good. */
  readonly broken: readonly string[];
  readonly books: Readonly<Record<string, number>>;
}

/** How long a fail point may take to be hit, the start of the engine included. */
const hitMs = 60_000;
const drainMs = 180_000;
const promptMs = 20;
/** Long enough for the log to be trimmed past a position: then the store answers. */
const lateMs = [100, 3_000, 500, 6_000];

export async function runCrashes(options: RunOptions): Promise<RunReport> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-crash-'));
  const run = new Run(dataDir, await freePort(), options);
  try {
    await refusePoison(dataDir);
    for (const [nth, kill] of options.kills.entries()) {
      if (options.isEnough?.()) break;
      await run.suffer(kill);
      if ((nth + 1) % 25 === 0) options.say(`${nth + 1} of ${options.kills.length} kills`);
    }
    return await run.settle();
  } finally {
    await run.end();
    for (const folder of [dataDir, `${dataDir}.synced`]) {
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    }
  }
}

class Run {
  readonly #dataDir: string;
  readonly #port: number;
  readonly #options: RunOptions;
  readonly #producers: readonly Producer[];
  readonly #subscribers: readonly Subscriber[];
  readonly #resumers: readonly Resumer[];
  readonly #hits: Record<string, number> = {};
  readonly #broken: string[] = [];
  readonly #random: Random | null;
  #victim: Victim | null = null;

  constructor(dataDir: string, port: number, options: RunOptions) {
    this.#dataDir = dataDir;
    this.#port = port;
    this.#options = options;
    this.#random = options.powerCutSeed === undefined ? null : seeded(options.powerCutSeed);
    const load = { port, rate: options.rate, batch: 20, isOdd: true };
    this.#producers = (['ws', 'ws', 'http', 'http'] as const).map((kind, nth) => startProducer(kind, nth, load));
    this.#subscribers = [true, true, false].map((backfill, nth) =>
      startSubscriber(`${backfill ? 'backfilling' : 'live'} ${nth}`, backfill, port),
    );
    this.#resumers = [
      { name: 'resuming', backfill: true, awayMs: () => promptMs },
      { name: 'resuming late', backfill: true, awayMs: (nth: number) => lateMs[nth % lateMs.length] ?? 0 },
      { name: 'resuming live', backfill: false, awayMs: () => promptMs },
    ].map((resumer) => startResumer({ ...resumer, port }));
  }

  async suffer(kill: Kill): Promise<void> {
    switch (kill.what) {
      case 'point':
        return this.#hitPoint(kill);
      case 'sluice':
      case 'both': {
        const victim = await this.#running();
        await after(kill.afterMs);
        victim.kill();
        if (kill.what === 'both') killEngine(this.#dataDir);
        await victim.ended;
        if (kill.what === 'both') await this.#cutPower();
        return this.#count(kill.what);
      }
      case 'start': {
        await this.#quit();
        const victim = this.#start({});
        await after(kill.afterMs);
        victim.kill();
        await victim.ended;
        await this.#cutPower();
        return this.#count(kill.what);
      }
      case 'engine': {
        const victim = await this.#running();
        await after(kill.afterMs);
        if (killEngine(this.#dataDir)) this.#count(kill.what);
        if (!victim.isAlive) this.#broken.push(`Sluice ended with its engine: ${victim.output()}`);
        return;
      }
      default:
        kill satisfies never;
    }
  }

  /** Everything is sent, acknowledged and inserted; then Sluice stops, and ClickHouse is asked. */
  async settle(): Promise<RunReport> {
    const victim = await this.#running();
    await withDeadline('all is acknowledged', Promise.all(this.#producers.map((producer) => producer.finish())));
    const books = await until('the tail is in ClickHouse', () => this.#drained(), drainMs).catch(
      async (error: unknown) => {
        const ready = await fetch(`http://127.0.0.1:${this.#port}/api/ready?verbose=1`).then((answer) => answer.text());
        throw new Error(`${ready}\n${victim.output()}`, { cause: error });
      },
    );
    await Promise.all(this.#resumers.map((resumer) => resumer.finish(books['head'] ?? 0)));
    const code = await victim.stop();
    if (code !== 0) this.#broken.push(`the last stop ended with ${code}: ${victim.output()}`);
    if (engineOf(this.#dataDir) !== null) this.#broken.push('an engine stayed behind');
    const connections = this.#subscribers.flatMap((subscriber) => subscriber.connections);
    const witness = await readWitness(this.#dataDir);
    const lives = judgeLives(this.#resumers, indexRows(witness, this.#mayLose));
    this.#broken.push(...brokenLaws(this.#producers, connections, witness, this.#mayLose), ...lives.broken);
    return {
      hits: this.#hits,
      broken: this.#broken,
      books: {
        ...books,
        sent: sum(this.#producers.map(({ sent }) => sent)),
        resent: sum(this.#producers.map(({ resent }) => resent)),
        acknowledged: sum(this.#producers.map(({ acknowledged }) => acknowledged.size)),
        ...(this.#mayLose && { lost: lostOf(this.#producers, witness), epochs: witness.epochs.length }),
        rows: witness.count,
        distinctSeqs: witness.distinctSeqs,
        distinctIds: witness.distinctIds,
        deadLetters: witness.deadLetters.size,
        connections: connections.length,
        seen: sum(connections.map(({ keys }) => keys.length)),
        ...lives.books,
      },
    };
  }

  async end(): Promise<void> {
    for (const each of [...this.#producers, ...this.#subscribers, ...this.#resumers]) each.end();
    this.#victim?.kill();
    await this.#victim?.ended;
    killEngine(this.#dataDir);
  }

  /**
   * How often a point is met in a second is the machine's: where the planned hit does not come in time Sluice is killed
   * from outside, and an earlier one is tried. Only a point that is not met at all breaks the run.
   */
  async #hitPoint({ point, hits }: Kill & { what: 'point' }): Promise<void> {
    for (const tried of new Set([hits, Math.ceil(hits / 10), 1])) {
      if (await this.#isHit(point, tried)) return;
    }
    this.#broken.push(`${point} was not hit once in ${hitMs} ms`);
  }

  async #isHit(point: FailPointName, hits: number): Promise<boolean> {
    await this.#quit();
    const victim = this.#start({ SLUICE_FAIL_POINT: `${point}:${hits}` });
    const needsPoison = point === 'half-announced' || point === 'dead-letter-written';
    for (const producer of needsPoison ? this.#producers : []) producer.poison();
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      victim.kill();
    }, hitMs);
    const ended = await victim.ended;
    clearTimeout(late);
    if (ended !== 'SIGKILL') this.#broken.push(`${point} ended Sluice with ${ended}: ${victim.output()}`);
    else this.#count(isLate ? 'late, killed outside' : point);
    await this.#cutPower();
    return !isLate;
  }

  /** Kills the engine, too. */
  async #cutPower(): Promise<void> {
    if (this.#random === null) return;
    killEngine(this.#dataDir);
    await until('the engine is gone', () => engineOf(this.#dataDir) === null || undefined, drainMs);
    const { names, files } = cutPower(this.#dataDir, this.#copyFolder, this.#random);
    this.#count('power cut');
    this.#count('… names lost or back', names);
    this.#count('… files not as written', files);
  }

  /** A Sluice that has outlived its engine's death goes first. */
  async #quit(): Promise<void> {
    if (this.#victim?.isAlive) await this.suffer({ what: 'sluice', afterMs: 0 });
  }

  async #running(): Promise<Victim> {
    const victim = this.#victim?.isAlive ? this.#victim : this.#start({});
    if (!(await victim.listening)) throw new Error(`Sluice did not start: ${victim.output()}`);
    return victim;
  }

  #start(env: Record<string, string>): Victim {
    this.#victim = startVictim({
      dataDir: this.#dataDir,
      port: this.#port,
      env: {
        SLUICE_DURABILITY: this.#options.durability,
        SLUICE_JOURNAL_SEGMENT_BYTES_MAX: '65536',
        SLUICE_JOURNAL_KEEP_BYTES: '2000000',
        SLUICE_JOURNAL_KEEP_MS: '2000',
        SLUICE_FLUSH_MS: '100',
        SLUICE_ID_WINDOW_IDS_MAX: '2000',
        ...(this.#random !== null && { SLUICE_DURABLE_COPY: this.#copyFolder }),
        ...env,
      },
    });
    return this.#victim;
  }

  get #mayLose(): boolean {
    return this.#random !== null && this.#options.durability === 'process';
  }

  get #copyFolder(): string {
    return `${this.#dataDir}.synced`;
  }

  #count(what: string, times = 1): void {
    this.#hits[what] = (this.#hits[what] ?? 0) + times;
  }

  /** Head and checkpoint once they are equal and nothing is parked, and what the last process took in. */
  async #drained(): Promise<Record<string, number> | undefined> {
    const answer = await fetch(`http://127.0.0.1:${this.#port}/api/ready?verbose=1`);
    const { head, mark, checkpoint, pending, parkedWaiting, books } = (await answer.json()) as Observation; // readiness.ts writes these
    if (pending > 0 || parkedWaiting > 0) return undefined;
    const { parsed, appended, parked, deduped, refused } = books;
    const refusals = sum(Object.values(refused));
    if (parsed !== refusals + deduped + parked + appended) this.#broken.push(`the books: ${JSON.stringify(books)}`);
    return { head, mark, checkpoint, parkedAppended: books.parkedAppended, parkedDeduped: books.parkedDeduped };
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

async function withDeadline(sentence: string, work: Promise<unknown>): Promise<void> {
  let isDone = false;
  const done = work.then(() => {
    isDone = true;
  });
  await until(sentence, () => isDone || undefined, drainMs);
  await done;
}

/** Acknowledged, and gone. */
function lostOf(producers: readonly Producer[], { rows, deadLetters }: Witness): number {
  const kept = new Set([...rows.map(({ key }) => key), ...deadLetters.values()]);
  return sum(producers.map(({ acknowledged }) => [...acknowledged].filter((key) => !kept.has(key)).length));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
