/**
 * Several gateways' table writers, one key and one ClickHouse, in a time of ticks. Writers stop, die and start again;
 * what is written to the key is lost, answered in vain, or comes late; inserts are taken part by part, linger, die in
 * between, and are answered in vain. The writers themselves are Sluice's own.
 */

import { type KeyEntry, LeaseLost, type SharedKey } from '../../src/base/lease.ts';
import { createLog } from '../../src/base/log.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { Batches } from '../../src/table-writer/batches.ts';
import { Certainty } from '../../src/table-writer/certainty.ts';
import { InsertNext } from '../../src/table-writer/insert-next.ts';
import { Ledger } from '../../src/table-writer/ledger.ts';
import { firstState } from '../../src/table-writer/open-writer-state.ts';
import { WriterLease } from '../../src/table-writer/writer-lease.ts';
import type { WriterState } from '../../src/table-writer/writer-state.ts';
import { fakeJournal } from './fake-table.ts';

export interface LeaseWorldOptions {
  readonly random: () => number;
  /** What a new holder goes on from, of what the key has. */
  readonly adopt?: (state: WriterState) => WriterState;
}

const head = 40;
const leaseTicks = 30;
const silent = createLog('silent');

export class LeaseWorld {
  readonly rows = new Map<number, number>();
  #now = 0;
  /** What waits for a tick. */
  #waiting: { readonly at: number; readonly call: () => void }[] = [];
  #entry: KeyEntry | null = null;
  readonly #tokens = new Set<string>();
  readonly #random: () => number;
  readonly #options: LeaseWorldOptions;
  #nonces = 0;
  #isOver = false;

  constructor(options: LeaseWorldOptions) {
    this.#options = options;
    this.#random = options.random;
  }

  /** Of all holders so far. */
  get term(): number {
    return this.#entry === null ? 0 : (JSON.parse(this.#entry.text) as { term: number }).term;
  }
  get checkpoint(): number {
    const value = this.#entry === null ? null : (JSON.parse(this.#entry.text) as { state: WriterState | null });
    return value?.state?.checkpoint ?? 0;
  }

  async run(ticks: number): Promise<void> {
    for (const name of ['a', 'b', 'c']) void this.#live(name, 1 + this.#pick(6));
    while (this.#now < ticks && this.#waiting.length > 0) await this.#next();
    this.#isOver = true;
    // What lingers arrives, and nobody begins anything new.
    while (this.#waiting.length > 0) await this.#next();
  }

  async #next(): Promise<void> {
    this.#now = Math.min(...this.#waiting.map(({ at }) => at));
    const due = this.#waiting.filter(({ at }) => at <= this.#now);
    this.#waiting = this.#waiting.filter(({ at }) => at > this.#now);
    for (const { call } of due) call();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }

  #pick(below: number): number {
    return Math.floor(this.#random() * below);
  }

  #later(ticks: number, call: () => void): void {
    this.#waiting.push({ at: this.#now + ticks, call });
  }

  #after(ticks: number): Promise<void> {
    return new Promise((resolve) => this.#later(ticks, resolve));
  }

  /** A step of a writer, which may be stopped for long before it; never ends for one that has died. */
  async #step(life: { isOver: boolean }): Promise<void> {
    await this.#after(1);
    if (this.#random() < 0.03) await this.#after(1 + this.#pick(120));
    if (life.isOver || this.#isOver) await new Promise<never>(() => undefined);
  }

  /** One writer, life after life. */
  async #live(name: string, rowsMax: number): Promise<void> {
    const life = { isOver: false };
    this.#later(20 + this.#pick(600), () => {
      life.isOver = true;
      if (!this.#isOver) void this.#live(name, rowsMax);
    });
    const lease = new WriterLease({
      key: this.#keyOf(life),
      holder: name,
      nonce: () => String(++this.#nonces),
      elapsedMs: () => this.#now,
      leaseMs: leaseTicks,
      pause: () => this.#step(life),
    });
    for (;;) {
      await this.#step(life);
      if (await lease.look().catch(() => false)) await this.#hold(lease, rowsMax, life);
    }
  }

  /** Writes until the key is somebody else's. */
  async #hold(lease: WriterLease, rowsMax: number, life: { isOver: boolean }): Promise<void> {
    const found = await lease.load();
    const state = this.#options.adopt?.(found ?? firstState({ epoch: 'e', checkpoint: 0 })) ?? found;
    const journal = fakeJournal(head, state?.checkpoint ?? 0, 1_000);
    journal.recentDay = (from, bytesMax, upTo) => journal.read(from, bytesMax, upTo);
    const ledger = new Ledger(lease, journal, state ?? firstState({ epoch: 'e', checkpoint: 0 }));
    const { signal } = new AbortController();
    const options = { rowsMax, bytesMax: 1_000 };
    const batches = new Batches({ journal, live: { mark: head }, options, log: silent }, ledger, signal);
    const insertRows = async (body: Buffer, token: string): Promise<void> => {
      await lease.refresh();
      await this.#step(life);
      await this.#insert(body, token);
    };
    const insert = new InsertNext(
      {
        journal,
        store: { insertRows, whenReady: async () => undefined },
        settledOf: async () => new Set(),
        trustsTokens: () => true,
        keepIds: () => undefined,
        deadLetter: { add: async () => undefined },
        counters: createCounters(),
        log: silent,
      },
      ledger,
      batches,
      new Certainty(journal, ledger, undefined),
      signal,
    );
    for (;;) {
      await this.#step(life);
      try {
        if ((await insert.run()) === 'none') await lease.renew();
      } catch (error) {
        if (error instanceof LeaseLost) return;
      }
    }
  }

  #keyOf(life: { isOver: boolean }): SharedKey {
    return {
      read: async () => {
        await this.#step(life);
        if (this.#random() < 0.1) throw new Error('no answer');
        return this.#entry;
      },
      write: async (text, revision) => {
        await this.#step(life);
        const set = (): number | null => {
          if ((this.#entry?.revision ?? 0) !== revision) return null;
          this.#entry = { text, revision: revision + 1 };
          return revision + 1;
        };
        const how = this.#random();
        if (how < 0.75) return set();
        if (how < 0.85) set();
        else if (how > 0.93) this.#later(1 + this.#pick(120), set);
        throw new Error('no answer');
      },
    };
  }

  /** Of two parts, one after the other; each part has a token of its own. */
  async #insert(body: Buffer, token: string): Promise<void> {
    const seqs = body
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => Number(line.split('\t')[0]));
    const isLate = this.#random() < 0.2;
    const taken = this.#take(seqs, token, isLate ? 1 + this.#pick(this.#random() < 0.3 ? 300 : 60) : 1);
    taken.catch(() => undefined);
    if (isLate && this.#random() < 0.7) throw new Error('no answer');
    await taken;
  }

  async #take(seqs: readonly number[], token: string, inTicks: number): Promise<void> {
    await this.#after(inTicks);
    for (const parity of [0, 1]) {
      if (this.#random() < 0.05) throw new Error('it died');
      const part = `${token}/${parity}`;
      if (!this.#tokens.has(part)) {
        for (const seq of seqs) if (seq % 2 === parity) this.rows.set(seq, (this.rows.get(seq) ?? 0) + 1);
      }
      this.#tokens.add(part);
      await this.#after(1 + this.#pick(8));
    }
    if (this.#random() < 0.1) throw new Error('no answer');
  }
}
