/**
 * The log as files of this process: appended, committed, made durable, read from any seq, trimmed behind the
 * checkpoint. Keeps I1 and I2: what is committed survives kill -9 (in fsync mode, once synced, a power cut), in seq
 * order.
 *
 *   append ──► pending buffer ──commit──► active segment ──full──► segment … ──trim──► gone
 *                    └── rollBack             └── the horizon follows: at once, or in fsync mode with each fdatasync
 */
import type { Observable } from 'rxjs';
import type { Failure } from '../base/errors.ts';
import { failPoint } from '../base/fail-point.ts';
import type { FilePort } from '../base/file-port.ts';
import { recordHeaderBytes } from '../base/record.ts';
import type { LogAdmin } from '../event-log/log-admin.ts';
import type { ChunkMemory, LogChunk, VisitId } from '../event-log/log-reader.ts';
import type { Horizon } from '../event-log/log-writer.ts';
import type { MarkedRows, VisitMarked } from '../event-log/marked-rows.ts';
import type { OwnEvents, VisitOwn } from '../event-log/own-events.ts';
import type { AppliedMark, ReplicaLog } from '../event-log/replica-log.ts';
import type { ReceiptTexts, RowSource } from '../event-log/row-source.ts';
import { nothingApplied } from './applied-marks.ts';
import { DiskBudget } from './disk-budget.ts';
import { DiskRoom } from './disk-room.ts';
import { type JournalOptions, type JournalParts, keepOf, thisMachine } from './journal-options.ts';
import { type OpenSegments, openSegments } from './open-segments.ts';
import { visitOwn } from './own-rows.ts';
import type { ParkedRecords } from './parked-records.ts';
import { PendingRecords, type RowKind } from './pending-records.ts';
import { eventKindOf, parkedKindOf } from './record-kinds.ts';
import { segmentsDirectory } from './segment.ts';
import { SegmentChain } from './segment-chain.ts';
import { SegmentReader } from './segment-reader.ts';
import { SegmentWriter } from './segment-writer.ts';
import type { Aside } from './set-aside.ts';
import { noteCleanStop } from './sync-folder.ts';

/** Throws StartRefused, with a sentence, for damage that nothing explains (recover.ts). */
export function openJournal(options: JournalOptions, parts: JournalParts = thisMachine()): Journal {
  const { files, now, bootId } = parts;
  return new Journal(options, parts, openSegments(options, files, { now: now(), bootId }));
}

/** One process holds it (lock.ts). An event's ticket is its seq. */
export class Journal implements ReplicaLog, LogAdmin, OwnEvents, MarkedRows {
  readonly owner: string;
  readonly epoch: string;
  readonly firstSeq: number;
  /** What the start found damaged, and moved to `journal/damaged/`. */
  readonly aside: Aside;
  readonly parked: ParkedRecords;
  readonly committed: Horizon;
  readonly horizon: Horizon;
  readonly horizon$: Observable<Horizon>;
  readonly #options: JournalOptions;
  readonly #files: FilePort;
  readonly #bootId: string | null;
  readonly #now: () => number;
  readonly #pending = new PendingRecords();
  readonly countAbove = (seq: number): number => this.#chain.countAbove(seq); // Committed events, of all epochs.
  readonly #chain: SegmentChain;
  readonly #reader: SegmentReader;
  readonly #writer: SegmentWriter;
  readonly #room: DiskRoom;
  #checkpoint: number;
  #watch: VisitOwn | null = null;
  #isClosed = false;

  constructor(options: JournalOptions, parts: JournalParts, found: OpenSegments) {
    const { files, now } = parts;
    this.owner = found.identity.owner;
    this.epoch = found.identity.epoch;
    this.firstSeq = found.identity.firstSeq;
    this.aside = found.aside;
    this.parked = found.parked;
    this.#options = options;
    this.#files = files;
    this.#bootId = parts.bootId;
    this.#now = now;
    const directory = segmentsDirectory(options.directory);
    this.#chain = new SegmentChain(files, directory, found.segments, found.active, found.parked.newest, options.log);
    this.#chain.applied = found.applied;
    this.#checkpoint = this.#chain.beforeNext(options.checkpoint ?? this.#chain.oldest - 1);
    this.#chain.noteInserted(this.#checkpoint, now());
    this.#reader = new SegmentReader(files, this.#chain, options.recentBytes ?? 0);
    // With a few segments to a budget, trim can always make room again.
    const segmentBytesMax = Math.min(options.segmentBytesMax, Math.floor(options.budgetBytesMax / 4));
    this.#writer = new SegmentWriter({ ...options, ...parts, chain: this.#chain, segmentBytesMax });
    this.committed = this.#chain;
    this.horizon = this.#writer.horizon;
    this.horizon$ = this.#writer.horizon$;
    const directories = [options.directory, options.sharedDirectory].filter((path) => path !== undefined);
    this.#room = new DiskRoom({
      budget: new DiskBudget(files, { ...options, directories, now }),
      chain: this.#chain,
      writer: this.#writer,
      pending: this.#pending,
      checkpoint: () => this.#checkpoint,
    });
  }

  get head(): number {
    return this.#chain.active.lastSeq;
  }
  get appended(): number {
    return this.head + this.#pending.count;
  }
  get parkedAppended(): number {
    return Math.max(this.#chain.parked, this.#pending.newestParked);
  }
  get hasPending(): boolean {
    return this.#pending.bytes > 0;
  }
  get checkpoint(): number {
    return this.#checkpoint;
  }
  get pending(): number {
    return this.#chain.countAbove(this.#checkpoint);
  }
  get oldest(): number {
    return this.#chain.oldest;
  }
  get bytes(): number {
    return this.#chain.bytes;
  }
  get bytesMax(): number {
    return this.#options.budgetBytesMax;
  }
  get failed(): Failure | null {
    return this.#writer.failed;
  }

  check(): Failure | null {
    return this.failed ?? this.#room.refusal(recordHeaderBytes) ?? this.#writer.check();
  }

  append(row: RowSource, receipt: ReceiptTexts, tag = 0, isFromPrefect = false): number {
    const seq = this.appended + 1;
    const bytes = this.#encode(eventKindOf(tag, isFromPrefect), seq, seq, row, receipt, tag);
    this.#room.take(bytes);
    this.#pending.take(bytes);
    return seq;
  }

  lastRow(): Buffer {
    return this.#pending.lastRow();
  }

  park(row: RowSource, receipt: ReceiptTexts, tag = 0, isFromPrefect = false): number {
    const number = this.parkedAppended + 1;
    const bytes = this.#encode(parkedKindOf(tag, isFromPrefect), this.appended, number, row, receipt, tag);
    this.#room.take(bytes);
    this.#pending.takeParked(bytes, number);
    return number;
  }

  /**
   * It takes what it took when it was parked and some 40 bytes, and what waits holds whole files, maybe all there are
   * (decision 006).
   */
  unpark(number: number, row: RowSource, receipt: ReceiptTexts, tag = 0, isFromPrefect = false): number {
    const seq = this.appended + 1;
    const bytes = this.#encode(eventKindOf(tag, isFromPrefect), seq, seq, row, receipt, tag);
    this.#room.takeBeyond(bytes);
    this.#pending.take(bytes);
    this.settleParked(number);
    return seq;
  }

  settleParked(number: number): void {
    if (this.failed !== null) throw this.failed;
    this.#room.count(this.#pending.settle(this.appended, number));
  }

  get applied(): AppliedMark {
    return this.#chain.applied ?? nothingApplied;
  }

  noteApplied(mark: AppliedMark): void {
    if (this.failed !== null) throw this.failed;
    this.#room.count(this.#pending.noteApplied(this.appended, mark));
  }

  /** Files that hold them stay. */
  holdParked(from: number): void {
    this.#chain.parkedFrom = from;
  }

  rollBack(seq: number, parked = Number.POSITIVE_INFINITY): void {
    this.#pending.rollBack(Math.max(0, seq - this.head), parked);
  }

  commit(): void {
    this.#write();
    this.#writer.syncLater();
  }

  commitNow(seq = this.appended, parked = this.parkedAppended): void {
    if (seq > this.head || parked > this.#chain.parked) this.#write();
    this.#writer.syncNow();
  }

  read(from: number, bytesMax: number, upTo: number, memory?: ChunkMemory): LogChunk {
    return this.#reader.read(from, bytesMax, upTo, memory);
  }

  readDay(from: number, bytesMax: number, upTo: number, memory: ChunkMemory): LogChunk {
    return this.#reader.readDay(from, bytesMax, upTo, memory);
  }

  recentDay(from: number, bytesMax: number, upTo: number): LogChunk | null {
    return this.#reader.recent.readDay(from, bytesMax, upTo);
  }

  readOwn(from: number, bytesMax: number, upTo: number, visit: VisitOwn): number {
    return this.#reader.readOwn({ from, bytesMax, upTo }, visit);
  }

  readMarked(from: number, bytesMax: number, upTo: number, visit: VisitMarked): number {
    return this.#reader.readMarked({ from, bytesMax, upTo }, visit);
  }

  watchOwn(visit: VisitOwn | null): void {
    this.#watch = visit;
  }

  holdFrom(seq: number): void {
    this.#chain.heldFrom = seq;
  }

  scanIds(visit: VisitId, after = 0): void {
    this.#reader.scanIds(visit, after);
  }

  newestUpTo(seq: number): number {
    return this.#chain.newestUpTo(seq);
  }

  epochOf(seq: number): string {
    return this.#reader.epochOf(seq) ?? this.epoch;
  }

  advanceCheckpoint(seq: number): void {
    if (seq > this.#checkpoint) this.#checkpoint = this.#chain.beforeNext(seq);
    this.#chain.noteInserted(this.#checkpoint, this.#now());
    this.#reader.recent.forget(this.#checkpoint);
  }

  /** As `trimLater`, but waits until it is gone. */
  trim(): void {
    this.#chain.trim(this.#checkpoint, keepOf(this.#options, this.#now()));
  }

  trimLater(): void {
    this.#chain.trimLater(this.#checkpoint, keepOf(this.#options, this.#now()));
  }

  /**
   * Writes what is appended, syncs the whole data folder, marks the clean stop and closes the files. Never throws: what
   * fails is logged, and was not acknowledged.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.#write();
      this.#writer.markCleanStop();
      noteCleanStop(this.#files, this.#options, this.#bootId);
    } catch (error) {
      this.#options.log.error({ err: error }, 'the journal could not be closed cleanly');
    }
    this.#writer.close();
    this.#reader.close();
    this.#chain.close();
  }

  /**
   * All that is appended, or none of it: then it is taken back, and a Failure journalFull or journalFailed is thrown.
   */
  #write(): void {
    if (!this.hasPending) return;
    try {
      this.#writer.write(this.#pending);
      if (this.#pending.newestParked > 0) failPoint('parked-written');
      this.#reader.recent.take(this.head - this.#pending.count + 1, this.#pending);
      if (this.#watch !== null) visitOwn(this.#pending.buffer, this.#pending.bytes, this.#watch);
    } catch (error) {
      this.#room.forget();
      throw error;
    } finally {
      this.#pending.clear();
    }
  }

  /** Gives the record's bytes; it is not taken yet. Throws the Failure that the journal died of. */
  #encode(kind: RowKind, seq: number, number: number, row: RowSource, receipt: ReceiptTexts, tag: number): number {
    if (this.failed !== null) throw this.failed;
    return this.#pending.encode(kind, seq, number, row, receipt, tag);
  }
}
