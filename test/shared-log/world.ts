/**
 * Several gateways in one process, each with spool, carrier and replica, and between them a stream that does what a
 * network and a fail-over can do: messages are lost, come late and twice, answers are lost, old messages are forgotten.
 */
import { expect } from 'vitest';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import type { AppliedBlock } from '../../src/shared-log/applier.ts';
import { Applier } from '../../src/shared-log/applier.ts';
import { Carrier } from '../../src/shared-log/carrier.ts';
import type { SpooledRow } from '../../src/shared-log/carrier-ports.ts';
import { FakeLog } from './fake-log.ts';
import { type Sent, spoolOf, wordsOf } from './fake-spool.ts';
import { idOf } from './rows.ts';

export interface WorldOptions {
  readonly random: () => number;
  readonly gateways: number;
  readonly idsMax: number;
  /** So many different events are sent. */
  readonly ids: number;
  /** Under so many forced labels, or none. */
  readonly labels: number;
}

interface Message {
  readonly gateway: number;
  readonly data: Buffer;
}

interface Sending extends Message {
  readonly after: number;
  /** Tells the sender, if it still lives. */
  readonly refuse: (isOutrun: boolean) => void;
}

const startMs = Date.UTC(2026, 10, 29, 12);

export class World {
  readonly gateways: FakeGateway[];
  readonly options: WorldOptions;
  /** Messages by number, from 1 on; undefined where they are forgotten. */
  readonly messages: (Message | undefined)[] = [];
  readonly #random: () => number;
  /** Under way, or lingering. */
  #sendings: Sending[] = [];
  /** What comes later, if it comes. */
  #calls: (() => void)[] = [];
  /** All accepted events up to this seq are in the store. */
  checkpoint = 0;
  isCalm = false;

  constructor(options: WorldOptions) {
    this.options = options;
    this.#random = options.random;
    this.gateways = Array.from({ length: options.gateways }, (_, nth) => new FakeGateway(this, nth));
  }

  /** In their order, as the furthest replica has them. */
  accepted(): readonly Sent[] {
    return this.gateways.map((gateway) => gateway.events()).sort((one, other) => other.length - one.length)[0] ?? [];
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  pick(below: number): number {
    return Math.floor(this.#random() * below);
  }

  later(call: () => void): void {
    this.#calls.push(call);
  }

  /** Lost, under way, or under way twice. */
  send(sending: Sending): void {
    if (!this.isCalm && this.chance(0.1)) return;
    this.#sendings.push(sending);
    if (!this.isCalm && this.chance(0.1)) this.#sendings.push(sending);
  }

  /** The number of a gateway's newest message that is not forgotten; 0 for none. */
  newestOf(gateway: number): number {
    return this.messages.findLastIndex((message) => message?.gateway === gateway) + 1;
  }

  step(): void {
    const gateway = this.gateways[this.pick(this.gateways.length)] ?? expect.unreachable();
    const what = this.#random();
    if (what < 0.2) gateway.spool(1 + this.pick(4));
    else if (what < 0.42) this.#arrive();
    else if (what < 0.7) gateway.follow(1 + this.pick(3));
    else if (what < 0.86) this.#call();
    else if (what < 0.9) gateway.carrier.wake();
    else if (what < 0.94) this.checkpoint += this.pick(this.accepted().length - this.checkpoint + 1);
    else if (what < 0.97) this.#forget();
    else if (what < 0.985) gateway.restart();
    else gateway.timeOut();
  }

  /** From now on all goes well, until nothing is left to do; what lingers arrives late, too. */
  drain(): void {
    this.isCalm = true;
    for (let round = 0; round < 4_000; round += 1) {
      while (this.#sendings.length > 0) this.#arrive();
      for (const gateway of this.gateways) gateway.follow(Number.POSITIVE_INFINITY);
      while (this.#calls.length > 0) this.#call();
      this.checkpoint = this.accepted().length;
      if (this.#sendings.length === 0 && this.gateways.every((gateway) => gateway.isDone)) return;
      for (const gateway of this.gateways) gateway.timeOut();
    }
    expect.unreachable();
  }

  /** Any of what is under way reaches the stream: stored, or refused. */
  #arrive(): void {
    const [sending] = this.#sendings.splice(this.pick(this.#sendings.length), 1);
    if (sending === undefined) return;
    const { gateway, data, after, refuse } = sending;
    if (!this.isCalm && this.chance(0.05)) this.later(() => refuse(false));
    else if (this.newestOf(gateway) !== after) this.later(() => refuse(true));
    else this.messages.push({ gateway, data });
  }

  #call(): void {
    const [call] = this.#calls.splice(this.pick(this.#calls.length), 1);
    if (!this.isCalm && this.chance(0.1)) return;
    call?.();
  }

  /** What is in the store, and in every replica, may go from the stream. */
  #forget(): void {
    const upTo = Math.min(...this.gateways.map((gateway) => gateway.appliedAt(this.checkpoint)));
    for (let at = 0; at < upTo; at += 1) this.messages[at] = undefined;
  }
}

export class FakeGateway {
  /** By seq of the spool, from 1 on. */
  readonly spooled: Sent[] = [];
  /** Seqs of rows that are kept as taken, and of those that were parked once. */
  readonly taken = new Set<number>();
  readonly parked = new Set<number>();
  carrier: Carrier;
  replica: Applier;
  readonly epoch: string;
  readonly #world: World;
  readonly #nth: number;
  #log = new FakeLog();
  #timers: (() => void)[] = [];
  #life = 0;
  /** All of the spool up to here was let go. */
  #letGo = 0;
  /** What the store was asked, and has not answered. */
  #asked: { rows: readonly SpooledRow[]; upTo: number; turn: number } | null = null;

  constructor(world: World, nth: number) {
    this.#world = world;
    this.#nth = nth;
    this.epoch = `0b5e0d1c-3c56-4c8e-9d51-00000000000${nth}`;
    [this.replica, this.carrier] = this.#begin();
  }

  get isDone(): boolean {
    const isFollowed = this.#log.applied.stream === this.#world.messages.length;
    const { settled, parked, phase } = this.carrier;
    return isFollowed && settled === this.spooled.length && parked === 0 && phase === 'ready';
  }

  events(): readonly Sent[] {
    return this.#log.events;
  }

  /** The newest message of which no event lies above a seq. */
  appliedAt(seq: number): number {
    return this.#log.marks.findLast((mark) => mark.seq <= seq)?.stream ?? 0;
  }

  spool(count: number): void {
    for (let nth = 0; nth < count; nth += 1) {
      const { ids, labels } = this.#world.options;
      this.spooled.push({ nth: this.#world.pick(ids), tag: this.#world.pick(labels + 1) });
    }
    this.carrier.wake();
  }

  follow(count: number): void {
    const applied: { mine: boolean; outcome: AppliedBlock }[] = [];
    for (let nth = 0; nth < count && this.replica.applied.stream < this.#world.messages.length; nth += 1) {
      const stream = this.replica.applied.stream + 1;
      const message = this.#world.messages[stream - 1] ?? expect.unreachable();
      const outcome = this.replica.apply(stream, startMs + stream, message.data);
      if (typeof outcome === 'string') expect.unreachable();
      else applied.push({ mine: message.gateway === this.#nth, outcome });
    }
    for (const { mine, outcome } of applied) if (mine) this.carrier.applied(outcome);
    this.#lookUp();
  }

  /** A kill, and a start: what the carrier knew is gone. */
  restart(): void {
    this.carrier.stop();
    [this.replica, this.carrier] = this.#begin();
  }

  timeOut(): void {
    for (const call of this.#timers.splice(0)) call();
    this.#lookUp();
  }

  #begin(): [Applier, Carrier] {
    this.#life += 1;
    this.#timers = [];
    this.#asked = null;
    const life = this.#life;
    const world = this.#world;
    const window = this.#window();
    const replica = new Applier({ log: this.#log, window, idsMax: world.options.idsMax, idsMs: 3_600_000 });
    const log = this.#log;
    const ifAlive = (call: () => void) => () => {
      if (this.#life === life) call();
    };
    const carrier = new Carrier({
      spool: spoolOf(this.epoch, this.spooled),
      replica: {
        window,
        get applied() {
          return log.applied;
        },
        get seq() {
          return log.appended;
        },
      },
      stream: {
        send: (data, after, turn) =>
          world.send({
            ...{ gateway: this.#nth, data, after },
            refuse: (isOutrun) => ifAlive(() => carrier.refused(turn, isOutrun))(),
          }),
        askNewest: (turn) =>
          world.later(() => {
            const newest = world.newestOf(this.#nth);
            world.later(ifAlive(() => carrier.answered(turn, newest)));
          }),
      },
      store: {
        lookUp: (rows, upTo, turn) => {
          for (const { seq } of rows) this.parked.add(seq);
          this.#asked = { rows, upTo, turn };
        },
      },
      settled: (upTo, letGo) => this.#checkSettled(upTo, letGo),
      keepTaken: (rows) => {
        if (!world.isCalm && world.chance(0.2)) return false;
        for (const { seq } of rows) this.taken.add(seq);
        return true;
      },
      wait: (_ms, call) => {
        this.#timers.push(call);
        return () => {
          this.#timers = this.#timers.filter((one) => one !== call);
        };
      },
      options: { rowsMax: 4, bytesMax: 100_000, parkedMax: 5, silentMs: 1, againMs: 1 },
    });
    carrier.start();
    return [replica, carrier];
  }

  /** As a start finds it. */
  #window(): IdWindow {
    const forgotten = new ForgottenIds();
    const everything = (): number => Number.POSITIVE_INFINITY;
    const window = new IdWindow({ idsMax: this.#world.options.idsMax, checkpoint: everything, forgotten });
    for (const [at, { nth, tag }] of this.#log.events.entries()) window.add(idOf(nth), at + 1, startMs / 1000, 0, tag);
    return window;
  }

  #lookUp(): void {
    const asked = this.#asked;
    if (asked === null || this.#world.checkpoint < asked.upTo) return;
    this.#asked = null;
    const accepted = this.#world.accepted().slice(0, asked.upTo);
    this.carrier.lookedUp(asked.turn, wordsOf(accepted, asked.rows));
  }

  /** What is settled is in the log here, kept as taken, or parked; what may be let go is in the log or kept. */
  #checkSettled(upTo: number, letGo: number): void {
    const isThere = (seq: number): boolean => this.#log.ids.has(this.spooled[seq - 1]?.nth ?? -1);
    for (; this.#letGo < letGo; this.#letGo += 1) expect(isThere(this.#letGo + 1)).toBe(true);
    let waiting = 0;
    for (let seq = letGo + 1; seq <= upTo; seq += 1) waiting += isThere(seq) ? 0 : 1;
    expect(waiting).toBeLessThanOrEqual(this.carrier.parked);
  }
}
