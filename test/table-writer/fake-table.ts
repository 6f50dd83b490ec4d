/**
 * What the table writer works on in its property tests: a table that fails and refuses as it is told, a journal of
 * numbered rows, and a state file whose process dies.
 */
import { expect } from 'vitest';
import { Failure } from '../../src/base/errors.ts';
import { RowsRefused } from '../../src/clickhouse/store.ts';
import type { ChunkMemory, LogChunk } from '../../src/event-log/log-reader.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { SeqRange } from '../../src/table-writer/writer-state.ts';

/** To an insert: 'half taken' is a batch of two parts, the first of which is in. */
export type Answer = 'taken' | 'taken, answer lost' | 'half taken' | 'down';

/** Remembers tokens as ClickHouse does. */
export class FakeTable {
  readonly rows: number[] = [];
  readonly tokens = new Set<string>();
  readonly answers: Answer[];
  readonly guilty: Set<number>;
  /** Each part is judged by itself, as by servers apart: some of a batch is in when another part of it is refused. */
  judgesParts = false;
  inserts = 0;
  rowsSent = 0;

  constructor(answers: readonly Answer[], guilty: readonly number[]) {
    this.answers = [...answers];
    this.guilty = new Set(guilty);
  }

  async insertRows(body: Buffer, token: string): Promise<void> {
    const rows = body
      .toString()
      .trim()
      .split('\n')
      .map((line) => Number(line.split('\t')[0]));
    this.inserts += 1;
    this.rowsSent += rows.length;
    await Promise.resolve();
    const answer = this.answers.shift() ?? 'taken';
    if (answer === 'down') throw new Failure('storeUnavailable', 'down');
    if (!this.judgesParts) this.#judge(rows);
    // Two classes of retention: each is a part, and a part has a token of its own.
    for (const parity of [0, 1]) {
      this.#judge(rows.filter((seq) => seq % 2 === parity));
      if (!this.tokens.has(`${token}/${parity}`)) this.rows.push(...rows.filter((seq) => seq % 2 === parity));
      this.tokens.add(`${token}/${parity}`);
      if (answer === 'half taken') throw new Failure('storeUnavailable', 'the engine died between two parts');
    }
    if (answer === 'taken, answer lost') throw new Failure('storeUnavailable', 'no answer');
  }

  #judge(rows: readonly number[]): void {
    const culprit = rows.find((seq) => this.guilty.has(seq));
    if (culprit !== undefined) throw new RowsRefused(`row ${culprit}`);
  }

  async whenReady(_signal?: AbortSignal): Promise<void> {}

  settledOf = async (_epoch: string, { first, last }: SeqRange): Promise<ReadonlySet<number>> =>
    new Set(this.rows.filter((seq) => seq >= first && seq <= last));
}

/** Rows 1 to `head`; a day of `received` is `dayLength` of them. */
export function fakeJournal(head: number, checkpoint: number, dayLength: number): Journal {
  let at = checkpoint;
  const read = (first: number, _bytes: number, upTo: number): LogChunk => {
    const last = Math.min(upTo, head);
    const seqs = Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
    return { first, last, count: seqs.length, rows: Buffer.from(seqs.map((seq) => `${seq}\trow\n`).join('')) };
  };
  const fake = {
    epoch: 'e',
    epochOf: () => 'e',
    firstSeq: 1,
    oldest: 1,
    head,
    get checkpoint() {
      return at;
    },
    read,
    recentDay: () => null,
    readDay(first: number, bytes: number, upTo: number, memory: ChunkMemory) {
      const chunk = read(first, bytes, Math.min(upTo, Math.ceil(first / dayLength) * dayLength));
      memory.buffer = Buffer.concat([memory.buffer.subarray(0, memory.bytes), chunk.rows]);
      return chunk;
    },
    advanceCheckpoint(seq: number) {
      expect(seq).toBeGreaterThan(at);
      at = seq;
    },
    trimLater() {},
  };
  return fake as unknown as Journal; // only what the writer uses
}

/** A process that is killed before its nth effect from now on: neither that one happens nor any after it. */
export class Mortal {
  #left: number;

  constructor(effectsMax: number) {
    this.#left = effectsMax;
  }

  get isDead(): boolean {
    return this.#left < 0;
  }

  effect<Words extends unknown[], Result>(work: (...words: Words) => Result): (...words: Words) => Result {
    return (...words) => {
      this.#left -= 1;
      if (this.isDead) throw new Error('killed');
      return work(...words);
    };
  }
}
