/**
 * One insert after the other: a batch is sent until it is taken, and then the checkpoint follows. What ClickHouse
 * refuses for its content is halved down to the guilty event, which goes to the dead letter.
 */
import type { Remaining } from '../../actors/writer.ts';
import { Failure } from '../base/errors.ts';
import { failPoint } from '../base/fail-point.ts';
import type { Log } from '../base/log.ts';
import type { Counters } from '../base/metrics.ts';
import { OneAtATime } from '../base/one-at-a-time.ts';
import { RowsRefused, type Store } from '../clickhouse/store.ts';
import type { LogAdmin } from '../event-log/log-admin.ts';
import type { LogChunk } from '../event-log/log-reader.ts';
import { linesOf } from '../event-log/row.ts';
import type { Batches } from './batches.ts';
import type { Certainty } from './certainty.ts';
import type { Ledger } from './ledger.ts';
import type { DeadLetter } from './ports.ts';
import { createSendBatch, type SendParts } from './send-batch.ts';

export interface InsertParts extends SendParts {
  readonly journal: LogAdmin;
  readonly store: Pick<Store, 'insertRows' | 'whenReady'>;
  /** Writes the ids of all up to a seq to disk, before the checkpoint reaches it. */
  readonly keepIds: (seq: number) => void;
  readonly deadLetter: Pick<DeadLetter, 'add'>;
  readonly counters: Pick<Counters, 'inserted' | 'batches' | 'insertFailures' | 'deadLettered' | 'inserts'>;
  readonly log: Log;
}

export class InsertNext {
  readonly #parts: InsertParts;
  readonly #ledger: Ledger;
  readonly #batches: Batches;
  readonly #certainty: Certainty;
  readonly #stopping: AbortSignal;
  readonly #send: (chunk: LogChunk) => Promise<void>;
  /** Inserts, and what may not happen during one. */
  readonly #turns = new OneAtATime();
  /** Nothing begins any more. */
  isClosed = false;
  /** Of the batch that was taken last. */
  rowsOfLast = 0;

  constructor(parts: InsertParts, ledger: Ledger, batches: Batches, certainty: Certainty, stopping: AbortSignal) {
    this.#parts = parts;
    this.#ledger = ledger;
    this.#batches = batches;
    this.#certainty = certainty;
    this.#stopping = stopping;
    this.#send = createSendBatch(parts, ledger);
  }

  /**
   * Rejects if it did not get on: the store's failures and our own, a state or dead letter that cannot be kept, a log
   * that cannot be read.
   */
  async run(): Promise<Remaining> {
    try {
      return await this.#insert();
    } catch (error) {
      if (!this.#stopping.aborted) {
        this.#parts.counters.insertFailures += 1;
        const { range } = this.#ledger.state;
        this.#parts.log.warn({ err: error, range }, 'A batch did not get into ClickHouse; it is tried again');
      }
      throw error;
    }
  }

  /** Runs work on the writer's state between two inserts. Rejects once it is closed. */
  between<Answer>(work: (ledger: Ledger) => Promise<Answer>): Promise<Answer> {
    return this.#turns.run(() => {
      if (this.isClosed) throw new Failure('shuttingDown', 'Sluice is stopping.');
      return work(this.#ledger);
    });
  }

  async #insert(): Promise<Remaining> {
    const { store } = this.#parts;
    if (!this.#certainty.isDoubtful && this.#ledger.state.range === null && this.#batches.isEmpty) return 'none';
    await store.whenReady(this.#stopping);
    return this.#turns.run(() => this.#insertBatch());
  }

  async #insertBatch(): Promise<Remaining> {
    const { counters } = this.#parts;
    await this.#certainty.settle();
    const chunk = await this.#batches.next();
    if (chunk === null) return 'none';
    try {
      await this.#send(chunk);
    } catch (error) {
      if (error instanceof RowsRefused) return this.#afterRefusal(chunk, error);
      throw error;
    }
    counters.inserted += chunk.count;
    counters.batches += 1;
    this.rowsOfLast = chunk.count;
    await this.#advance(chunk, 'stored');
    return this.#batches.remaining;
  }

  /**
   * Halves a refused range, its halves one after the other; a single refused event goes to the dead letter. First it is
   * asked what is there of it: of a batch that goes to several servers, or in several parts, some may have been taken
   * before another was refused, and its halves have tokens of their own.
   */
  async #afterRefusal(chunk: LogChunk, { message: reason }: RowsRefused): Promise<Remaining> {
    const { journal, log, settledOf } = this.#parts;
    const { first, last, count } = chunk;
    const stored = await settledOf(journal.epochOf(first), chunk);
    if (count > 1) {
      log.warn({ first, last, reason, stored: stored.size }, 'ClickHouse refuses a batch for its content; halving it');
      await this.#ledger.halve(chunk, stored.size > 0);
      return 'full';
    }
    if (stored.size > 0) await this.#advance(chunk, 'stored');
    else await this.#bury(chunk, reason);
    return this.#batches.remaining;
  }

  async #bury(chunk: LogChunk, reason: string): Promise<void> {
    const { journal, deadLetter, counters, log } = this.#parts;
    const { first: seq, rows } = chunk;
    const [row = ''] = linesOf(rows);
    await deadLetter.add({ seq, epoch: journal.epochOf(seq), reason, row });
    failPoint('dead-letter-written');
    counters.deadLettered += 1;
    log.error({ seq, reason }, 'an event went to the dead letter');
    await this.#advance(chunk, 'deadLettered');
  }

  async #advance(chunk: LogChunk, outcome: 'stored' | 'deadLettered'): Promise<void> {
    const { journal, keepIds } = this.#parts;
    keepIds(chunk.last);
    await this.#ledger.advance(chunk, outcome);
    journal.advanceCheckpoint(chunk.last);
    this.#certainty.look();
    journal.trimLater();
  }
}
