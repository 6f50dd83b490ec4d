/**
 * A storm over many gateways: whoever can be killed, stopped or cut off is, one after the other and two at a time,
 * while producers and subscribers go from gateway to gateway. What was promised is judged by ClickHouse and by all
 * replicas (I1, I2, I3, I8).
 */
import { setTimeout as wait } from 'node:timers/promises';
import { brokenLaws, indexRows } from '../../support/crash/laws.ts';
import { type Producer, startProducer } from '../../support/crash/producers.ts';
import { witnessOf } from '../../support/crash/stored.ts';
import { type Subscriber, startSubscriber } from '../../support/crash/subscribers.ts';
import { until } from '../../support/poll.ts';
import { randomFrom } from '../../support/random.ts';
import { judgeLives } from '../crash/resumed-laws.ts';
import { type Resumer, startResumer } from '../crash/resumers.ts';
import { compareReplicas } from './compare-replicas.ts';
import { type Fault, type FaultName, faultsOf } from './storm-faults.ts';
import { database, type StormWorld, untilSettled } from './storm-world.ts';

export interface StormOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Events a second, of all producers. */
  readonly rate: number;
  /** How long all of NATS is away at a time. */
  readonly outageMs: number;
  /** Besides those of each storm. */
  readonly more?: readonly Fault[];
  readonly say?: (line: string) => void;
}

export interface StormReport {
  /** Empty is good. */
  readonly broken: readonly string[];
  readonly books: Readonly<Record<string, number>>;
}

const settleMs = 180_000;

export async function runStorm(world: StormWorld, options: StormOptions): Promise<StormReport> {
  const storm = new Storm(world, options);
  try {
    await storm.rage();
    return await storm.settle();
  } finally {
    storm.end();
  }
}

class Storm {
  readonly #world: StormWorld;
  readonly #options: StormOptions;
  readonly #random: () => number;
  readonly #producers: readonly Producer[];
  readonly #resumers: readonly Resumer[];
  readonly #subscribers: readonly Subscriber[];
  readonly #books: Record<string, number> = {};
  readonly #broken: string[] = [];

  constructor(world: StormWorld, options: StormOptions) {
    this.#world = world;
    this.#options = options;
    this.#random = randomFrom(options.seed);
    const moving = randomFrom(options.seed + 1);
    const port = (): number => world.gateways[Math.floor(moving() * world.gateways.length)]?.port ?? 0;
    const kinds = ['ws', 'http', 'ws', 'http'] as const;
    const load = { port, rate: options.rate / kinds.length, batch: 40 };
    // Of events an hour old, and of what was acknowledged long ago, only ClickHouse can tell.
    this.#producers = kinds.map((kind, nth) => startProducer(kind, nth, { ...load, isOdd: nth === 3 }));
    const stayMs = (): number => 1_000 + moving() * 6_000;
    const briefly = (): number => moving() * 500;
    const long = (): number => 3_000 + moving() * 9_000;
    this.#resumers = [
      startResumer({ name: 'wandering', port, backfill: true, awayMs: briefly, stayMs }),
      startResumer({ name: 'often away', port, backfill: true, awayMs: long, stayMs }),
      startResumer({ name: 'wandering live', port, backfill: false, awayMs: briefly, stayMs }),
      ...world.gateways.map(({ id, port: own }) =>
        startResumer({ name: `at ${id}`, port: own, backfill: true, awayMs: briefly }),
      ),
    ];
    const [first = { port: 0 }] = world.gateways;
    this.#subscribers = [startSubscriber('not resuming', true, first.port)];
  }

  /** One fault after the other in an order of the seed, each kind as often as any other; at times two at once. */
  async rage(): Promise<void> {
    const { seconds, outageMs, more = [], say } = this.#options;
    const until = performance.now() + seconds * 1000;
    const faults = [...faultsOf(this.#world, this.#random, outageMs), ...more];
    await wait(2_000);
    let left: Fault[] = [];
    while (performance.now() < until) {
      if (left.length === 0) left = shuffled(faults, this.#random);
      const [first, second] = left;
      const isPair = second !== undefined && this.#random() < 0.3 && mayMeet(first, second);
      const now = left.splice(0, isPair ? 2 : 1);
      say?.(`${Math.round((until - performance.now()) / 1000)} s left: ${now.map(({ name }) => name).join(' and ')}`);
      for (const { name } of now) this.#count(name);
      await Promise.all(now.map((fault) => fault.strike(until)));
      await wait(500 + this.#random() * 2_500);
    }
  }

  /** All goes well from now on, until everything that was promised must be there. */
  async settle(): Promise<StormReport> {
    const { gateways, clickhouse } = this.#world;
    await this.#world.calm();
    let isFinished = false;
    void Promise.all(this.#producers.map((producer) => producer.finish())).then(() => {
      isFinished = true;
    });
    await until('all is acknowledged', () => isFinished || undefined, settleMs).catch((error: unknown) => {
      throw new Error(`${error}\n${gateways.map((gateway) => gateway.output().slice(-2_000)).join('\n')}`);
    });
    const head = await untilSettled(this.#world, settleMs);
    const standings = await Promise.all(gateways.map((gateway) => gateway.standing()));
    this.#books['terms'] = Math.max(...standings.map((each) => each?.gateway?.term ?? 0));
    await Promise.all(this.#resumers.map((resumer) => resumer.finish(head)));
    for (const subscriber of this.#subscribers) subscriber.end();
    for (const gateway of gateways) {
      const ended = await gateway.stop();
      if (ended !== 0) this.#broken.push(`gateway ${gateway.id} ended with ${ended}: ${gateway.output()}`);
    }
    const witness = await witnessOf(clickhouse.store, '', database);
    this.#judge(witness);
    const compared = compareReplicas(this.#world, witness.rows);
    this.#broken.push(...compared.broken);
    const { answers, messages } = this.#world.lost;
    Object.assign(this.#books, {
      acknowledged: this.#producers.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0),
      resent: this.#producers.reduce((sum, { resent }) => sum + resent, 0),
      rows: witness.count,
      twice: witness.count - witness.distinctIds,
      comparedRows: compared.rows,
      answersLost: answers,
      messagesLost: messages,
    });
    return { broken: this.#broken, books: this.#books };
  }

  end(): void {
    for (const { end } of [...this.#producers, ...this.#subscribers, ...this.#resumers].map(bound)) end();
  }

  #judge(witness: Awaited<ReturnType<typeof witnessOf>>): void {
    const connections = this.#subscribers.flatMap((each) => each.connections);
    this.#broken.push(...brokenLaws(this.#producers, connections, witness));
    // A gateway that is cut off from all says so after a while, and its subscribers go elsewhere.
    const lives = this.#resumers.map((life) => ({
      ...{ name: life.name, backfill: life.backfill, feeds: life.feeds, gaps: life.gaps },
      ...{ resumes: life.resumes, resumesByStore: life.resumesByStore },
      refusals: new Set([...life.refusals].filter((why) => !why.startsWith('closed 1013'))),
    }));
    const { broken, books } = judgeLives(lives, indexRows(witness));
    this.#broken.push(...broken);
    Object.assign(this.#books, books);
    if (witness.deadLetters.size > 0) this.#broken.push(`${witness.deadLetters.size} events are in the dead letter`);
  }

  #count(name: FaultName): void {
    this.#books[name] = (this.#books[name] ?? 0) + 1;
  }
}

function mayMeet(one: Fault | undefined, other: Fault): boolean {
  return one?.victims !== other.victims && one?.victims !== 'all' && other.victims !== 'all';
}

function bound(each: { end(): void }): { end(): void } {
  return { end: () => each.end() };
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  const left = [...items];
  return items.flatMap(() => left.splice(Math.floor(random() * left.length), 1));
}
