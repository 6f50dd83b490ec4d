/**
 * A log in memory that fails on command: all that the port of the log asks for, and nothing of files.
 */
import { type Observable, Subject } from 'rxjs';
import { Failure } from '../src/base/errors.ts';
import type { LogAdmin } from '../src/event-log/log-admin.ts';
import type { ChunkMemory, LogChunk, VisitId } from '../src/event-log/log-reader.ts';
import type { Horizon, LocalLogWriter } from '../src/event-log/log-writer.ts';
import { formatRow, type Row, splitRow, type TaggedRow } from '../src/event-log/row.ts';
import type { ReceiptTexts, RowSource } from '../src/event-log/row-source.ts';
import { MemoryRows } from './memory-rows.ts';

export type MemoryRecord =
  | { readonly kind: 'event' | 'parked'; readonly row: TaggedRow }
  | { readonly kind: 'settled'; readonly parked: number };

interface Left {
  readonly written?: readonly MemoryRecord[];
  readonly checkpoint?: number;
  readonly oldest?: number;
}

/** An event's ticket is its seq; the first is 1. In fsync mode each sync ends when it is told to. */
export class MemoryLog implements LocalLogWriter, LogAdmin {
  readonly owner = 'owner';
  readonly epoch = 'e';
  readonly firstSeq = 1;
  failed: Failure | null = null;
  /** The next commit writes only so many of the waiting records, and fails. */
  commitFailsAfter: number | null = null;
  /** Appended rows beyond this seq do not fit. */
  roomUpTo = Number.POSITIVE_INFINITY;
  /** The next sync within a call fails. */
  syncFails = false;
  /** Parked events from this ticket on are held. */
  heldFrom = Number.POSITIVE_INFINITY;
  readonly committed: Horizon;
  readonly horizon: Horizon;
  readonly horizon$: Observable<Horizon>;
  readonly parked: { takeRows(): TaggedRow[] };
  readonly #durability: 'process' | 'fsync';
  readonly #moved = new Subject<Horizon>();
  /** Those written, and those that wait. */
  readonly #written: MemoryRecord[];
  #waiting: MemoryRecord[] = [];
  readonly #rows = new MemoryRows();
  #parkedCommitted = 0;
  readonly #synced = { ticket: 0, parked: 0, records: 0 };
  #running: { readonly ticket: number; readonly parked: number; readonly records: number } | null = null;

  /** `left`: what a log before it has left. */
  constructor(durability: 'process' | 'fsync' = 'process', left: Left = {}) {
    const log = this;
    this.#durability = durability;
    this.#written = [];
    this.#write(left.written ?? []);
    this.#rows.advance(left.checkpoint ?? 0);
    this.#rows.trimTo(left.oldest ?? 1);
    Object.assign(this.#synced, this.#newest);
    this.committed = {
      get ticket() {
        return log.head;
      },
      get parked() {
        return log.#parkedCommitted;
      },
    };
    this.horizon = durability === 'process' ? this.committed : this.#synced;
    this.horizon$ = this.#moved;
    this.parked = { takeRows: () => this.open };
  }

  /** Rows of events, written or not. */
  get rows(): readonly TaggedRow[] {
    return rowsOf('event', [...this.#written, ...this.#waiting]);
  }
  get committedRows(): readonly TaggedRow[] {
    return rowsOf('event', this.#written);
  }
  /** Parked and not settled, as a restart finds them. */
  get open(): TaggedRow[] {
    const settled = this.#written.flatMap((record) => (record.kind === 'settled' ? record.parked : []));
    return rowsOf('parked', this.#written).filter(({ seq }) => !settled.includes(seq));
  }
  /** The log that a restart finds after a kill in a write that had got so far. */
  killed(writtenOfWaiting = 0): MemoryLog {
    const written = [...this.#written, ...this.#waiting.slice(0, writtenOfWaiting)];
    const { checkpoint, oldest } = this;
    return new MemoryLog(this.#durability, { written, checkpoint, oldest });
  }

  get head(): number {
    return this.#rows.head;
  }
  get appended(): number {
    return this.head + rowsOf('event', this.#waiting).length;
  }
  get parkedAppended(): number {
    return this.#parkedCommitted + rowsOf('parked', this.#waiting).length;
  }
  get hasPending(): boolean {
    return this.#waiting.length > 0;
  }
  get checkpoint(): number {
    return this.#rows.checkpoint;
  }
  get oldest(): number {
    return this.#rows.oldest;
  }
  get pending(): number {
    return this.head - this.checkpoint;
  }
  get bytes(): number {
    return this.#rows.bytes;
  }
  check(): Failure | null {
    return this.failed;
  }

  append(row: RowSource, receipt: ReceiptTexts, tag = 0): number {
    const seq = this.appended + 1;
    this.#take({ kind: 'event', row: { ...written(row, seq, receipt), tag } });
    return seq;
  }

  park(row: RowSource, receipt: ReceiptTexts, tag = 0): number {
    const parked = this.parkedAppended + 1;
    this.#take({ kind: 'parked', row: { ...written(row, parked, receipt), tag } });
    return parked;
  }

  unpark(parked: number, row: RowSource, receipt: ReceiptTexts, tag = 0): number {
    if (this.failed !== null) throw this.failed;
    const seq = this.appended + 1;
    this.#waiting.push({ kind: 'event', row: { ...written(row, seq, receipt), tag } });
    this.settleParked(parked);
    return seq;
  }

  settleParked(parked: number): void {
    if (this.failed !== null) throw this.failed;
    this.#waiting.push({ kind: 'settled', parked });
  }

  lastRow(): Buffer {
    const last = this.#waiting.findLast((record) => record.kind !== 'settled');
    if (last === undefined) throw new Error('No row was just taken');
    return Buffer.from(formatRow(last.row).slice(0, -1));
  }

  rollBack(ticket: number, parked: number): void {
    if (ticket < this.head || parked < this.#parkedCommitted) throw new Error('A committed row was to be rolled back');
    const from = this.#waiting.findIndex(
      (record) => record.kind !== 'settled' && record.row.seq > (record.kind === 'event' ? ticket : parked),
    );
    if (from >= 0) this.#waiting.length = from;
  }

  commit(): void {
    try {
      this.#commit();
    } finally {
      this.#beginSync();
    }
  }

  commitNow(ticket: number, parked: number): void {
    if (ticket > this.head || parked > this.#parkedCommitted) {
      try {
        this.#commit();
      } catch (error) {
        this.#beginSync();
        throw error;
      }
    }
    if (this.failed !== null) throw this.failed;
    if (this.#durability === 'process') return;
    if (this.syncFails) throw this.#fail('The sync failed');
    Object.assign(this.#synced, this.#newest);
  }

  /** Ends the sync under way. */
  endSyncs(fails = false): void {
    const ended = this.#running;
    if (ended === null) return;
    this.#running = null;
    if (fails) {
      this.#moved.error(this.#fail('The sync failed'));
      return;
    }
    for (const name of ['ticket', 'parked', 'records'] as const) {
      this.#synced[name] = Math.max(this.#synced[name], ended[name]);
    }
    this.#moved.next(this.horizon);
    this.#beginSync();
  }

  /** As a disk that fails while nobody calls. */
  die(why: string): void {
    this.#moved.error(this.#fail(why));
  }

  read(from: number, bytesMax: number, upTo: number, memory?: ChunkMemory): LogChunk {
    return this.#rows.read(from, bytesMax, upTo, false, memory);
  }
  readDay(from: number, bytesMax: number, upTo: number, memory: ChunkMemory): LogChunk {
    return this.#rows.read(from, bytesMax, upTo, true, memory);
  }
  recentDay(): null {
    return null;
  }
  newestUpTo(seq: number): number {
    return this.#rows.newestUpTo(seq);
  }
  epochOf(): string {
    return this.epoch;
  }
  scanIds(visit: VisitId, after = 0): void {
    this.#rows.scanIds(visit, after);
  }
  advanceCheckpoint(seq: number): void {
    this.#rows.advance(seq);
  }
  trimLater(): void {
    this.#rows.trimTo(this.checkpoint + 1);
  }
  holdParked(from: number): void {
    this.heldFrom = from;
  }

  get #newest() {
    return { ticket: this.head, parked: this.#parkedCommitted, records: this.#written.length };
  }

  #take(record: MemoryRecord): void {
    if (this.failed !== null) throw this.failed;
    if (this.appended + 1 > this.roomUpTo) throw new Failure('journalFull', 'No room');
    this.#waiting.push(record);
  }

  /** Of a group all or nothing, unless it fails after some. */
  #commit(): void {
    if (!this.hasPending) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    if (this.failed !== null) throw this.failed;
    const fails = this.commitFailsAfter;
    this.commitFailsAfter = null;
    this.#write(waiting.slice(0, fails ?? waiting.length));
    if (fails !== null) throw new Failure('journalFull', 'The disk is full');
  }

  #write(records: readonly MemoryRecord[]): void {
    this.#written.push(...records);
    this.#rows.add(rowsOf('event', records));
    this.#parkedCommitted += rowsOf('parked', records).length;
  }

  #beginSync(): void {
    const newest = this.#newest;
    if (this.#durability === 'process' || this.#running !== null || newest.records <= this.#synced.records) return;
    this.#running = newest;
  }

  #fail(why: string): Failure {
    this.failed = new Failure('journalFailed', why);
    return this.failed;
  }
}

function rowsOf(kind: 'event' | 'parked', records: readonly MemoryRecord[]): TaggedRow[] {
  return records.flatMap((record) => (record.kind === kind ? [record.row] : []));
}

/** The row that a source writes. */
export function written(row: RowSource, seq: number, receipt: ReceiptTexts): Row {
  const bytes = Buffer.alloc(row.rowBytesMax);
  return splitRow(bytes.toString('utf8', 0, row.writeRow(bytes, 0, seq, receipt)));
}
