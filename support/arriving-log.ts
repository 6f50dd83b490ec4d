/**
 * A log in memory as a shared one is: what is appended has only a ticket until its group arrives. Then it gets the next
 * seq, behind whatever others have appended, or is dropped, if the log has its id already.
 */
import { type Observable, Subject } from 'rxjs';
import { Failure } from '../src/base/errors.ts';
import type { ChunkMemory, LogChunk, LogReader, VisitId } from '../src/event-log/log-reader.ts';
import type { LogWriter } from '../src/event-log/log-writer.ts';
import type { TaggedRow } from '../src/event-log/row.ts';
import type { ReceiptTexts, RowSource } from '../src/event-log/row-source.ts';
import { written } from './memory-log.ts';
import { MemoryRows } from './memory-rows.ts';

/** What all writers share. */
export class SharedRows {
  readonly rows = new MemoryRows();
  readonly #ids = new Set<string>();

  /** In this order; those whose id is here already are dropped. */
  arrive(rows: readonly TaggedRow[]): void {
    for (const row of rows) {
      if (this.#ids.has(row.id)) continue;
      this.#ids.add(row.id);
      this.rows.add([{ ...row, seq: this.rows.head + 1 }]);
    }
  }
}

type ArrivingRecord = { readonly kind: 'event' | 'parked'; readonly row: TaggedRow } | { readonly kind: 'settled' };

/** One writer's way to a shared log, and what it reads of it. */
export class ArrivingLog implements LogWriter, LogReader {
  readonly epoch = 'e';
  readonly firstSeq = 1;
  failed: Failure | null = null;
  /** The next commit fails. */
  failsNext = false;
  readonly committed = { ticket: 0, parked: 0 };
  readonly horizon = { ticket: 0, parked: 0 };
  readonly #moved = new Subject<typeof this.horizon>();
  readonly #shared: SharedRows;
  #appended: ArrivingRecord[] = [];
  /** Groups that have not arrived. */
  readonly #underWay: ArrivingRecord[][] = [];

  constructor(shared: SharedRows) {
    this.#shared = shared;
  }

  get horizon$(): Observable<typeof this.horizon> {
    return this.#moved;
  }
  get appended(): number {
    return this.committed.ticket + countOf('event', this.#appended);
  }
  get parkedAppended(): number {
    return this.committed.parked + countOf('parked', this.#appended);
  }
  get hasPending(): boolean {
    return this.#appended.length > 0;
  }

  append(row: RowSource, receipt: ReceiptTexts, tag = 0): number {
    return this.#take('event', row, receipt, this.appended + 1, tag);
  }
  park(row: RowSource, receipt: ReceiptTexts, tag = 0): number {
    return this.#take('parked', row, receipt, this.parkedAppended + 1, tag);
  }
  unpark(_parked: number, row: RowSource, receipt: ReceiptTexts, tag = 0): number {
    const ticket = this.append(row, receipt, tag);
    this.#appended.push({ kind: 'settled' });
    return ticket;
  }
  settleParked(): void {
    if (this.failed !== null) throw this.failed;
    this.#appended.push({ kind: 'settled' });
  }

  rollBack(ticket: number, parked: number): void {
    const from = this.#appended.findIndex(
      (record) => record.kind !== 'settled' && record.row.seq > (record.kind === 'event' ? ticket : parked),
    );
    if (from >= 0) this.#appended.length = from;
  }

  commit(): void {
    if (!this.hasPending) return;
    const group = this.#appended;
    this.#appended = [];
    if (this.failed !== null) throw this.failed;
    if (this.failsNext) {
      this.failsNext = false;
      throw new Failure('journalFull', 'The log is full');
    }
    this.committed.ticket += countOf('event', group);
    this.committed.parked += countOf('parked', group);
    this.#underWay.push(group);
  }

  /** The oldest group that is under way arrives. */
  arrive(): void {
    const group = this.#underWay.shift();
    if (group === undefined) return;
    this.#shared.arrive(group.flatMap((record) => (record.kind === 'event' ? [record.row] : [])));
    this.horizon.ticket += countOf('event', group);
    this.horizon.parked += countOf('parked', group);
    this.#moved.next(this.horizon);
  }

  /** Cut off for good, with groups under way that may have arrived or not. */
  fail(): void {
    this.failed = new Failure('journalFailed', 'The log is not reached any more');
    this.#moved.error(this.failed);
  }

  get head(): number {
    return this.#shared.rows.head;
  }
  get oldest(): number {
    return this.#shared.rows.oldest;
  }
  get checkpoint(): number {
    return this.#shared.rows.checkpoint;
  }
  read(from: number, bytesMax: number, upTo: number, memory?: ChunkMemory): LogChunk {
    return this.#shared.rows.read(from, bytesMax, upTo, false, memory);
  }
  readDay(from: number, bytesMax: number, upTo: number, memory: ChunkMemory): LogChunk {
    return this.#shared.rows.read(from, bytesMax, upTo, true, memory);
  }
  recentDay(): null {
    return null;
  }
  newestUpTo(seq: number): number {
    return this.#shared.rows.newestUpTo(seq);
  }
  epochOf(): string {
    return this.epoch;
  }
  scanIds(visit: VisitId, after = 0): void {
    this.#shared.rows.scanIds(visit, after);
  }
  advanceCheckpoint(seq: number): void {
    this.#shared.rows.advance(seq);
  }
  trimLater(): void {
    this.#shared.rows.trimTo(this.checkpoint + 1);
  }

  #take(kind: 'event' | 'parked', row: RowSource, receipt: ReceiptTexts, ticket: number, tag: number): number {
    if (this.failed !== null) throw this.failed;
    this.#appended.push({ kind, row: { ...written(row, ticket, receipt), tag } });
    return ticket;
  }
}

function countOf(kind: 'event' | 'parked', records: readonly ArrivingRecord[]): number {
  return records.filter((record) => record.kind === kind).length;
}
