/**
 * The durable local log and the sequencer (docs/design.md, "The journal"): appended, committed, made durable, read from
 * any seq, trimmed behind the checkpoint. Keeps I1 and I2: what is committed survives kill -9 (in fsync mode, once
 * synced, a power cut), in seq order.
 *
 *   append ──► pending buffer ──commit──► active segment ──full──► segment … ──trim──► gone
 *                    └── rollBack             └── sync, syncLater (fsync mode)
 */
import { Failure } from '../base/errors.ts';
import { failPoint } from '../base/fail-point.ts';
import type { FilePort } from '../base/file-port.ts';
import { DiskBudget } from './disk-budget.ts';
import { FileCache } from './file-cache.ts';
import { type JournalOptions, type JournalParts, thisMachine } from './journal-options.ts';
import { type OpenSegments, openSegments } from './open-segments.ts';
import type { ParkedRecords } from './parked-records.ts';
import { PendingRecords } from './pending-records.ts';
import { type ChunkMemory, type ChunkRequest, type JournalChunk, readChunk } from './read-chunk.ts';
import { RecentRows } from './recent-rows.ts';
import { recordHeaderBytes, recordKinds } from './record.ts';
import { Room } from './room.ts';
import type { ReceiptTexts, RowSource } from './row-source.ts';
import { scanIds, type VisitId } from './scan-ids.ts';
import { segmentsDirectory } from './segment.ts';
import { type Keep, SegmentChain } from './segment-chain.ts';
import { SegmentWriter } from './segment-writer.ts';
import type { Aside } from './set-aside.ts';
import { noteCleanStop } from './sync-folder.ts';

/** Throws StartRefused, with a sentence, for damage that nothing explains (recover.ts). */
export function openJournal(options: JournalOptions, parts: JournalParts = thisMachine()): Journal {
  const { files, now, bootId } = parts;
  return new Journal(options, parts, openSegments(options, files, { now: now(), bootId }));
}

/** One process holds it (lock.ts). All methods are synchronous but `syncLater`. */
export class Journal {
  /** The UUID of the data folder. */
  readonly owner: string;
  readonly epoch: string;
  /** Seq of this epoch's first event. */
  readonly firstSeq: number;
  /** What the start found damaged, and moved to `journal/damaged/`. */
  readonly aside: Aside;
  /** The parked events that the start found. */
  readonly parked: ParkedRecords;
  readonly #options: JournalOptions;
  readonly #files: FilePort;
  readonly #bootId: string | null;
  readonly #now: () => number;
  readonly #pending = new PendingRecords();
  readonly recent: RecentRows;
  readonly #chain: SegmentChain;
  readonly #cache: FileCache;
  readonly #writer: SegmentWriter;
  readonly #room: Room;
  #parkedHead: number;
  #checkpoint: number;
  #isClosed = false;

  constructor(
    options: JournalOptions,
    { files, now, bootId }: JournalParts,
    { identity, segments, active, aside, parked }: OpenSegments,
  ) {
    this.owner = identity.owner;
    this.epoch = identity.epoch;
    this.firstSeq = identity.firstSeq;
    this.aside = aside;
    this.parked = parked;
    this.#parkedHead = parked.newest;
    this.#options = options;
    this.#files = files;
    this.#bootId = bootId;
    this.#now = now;
    this.#chain = new SegmentChain(files, segmentsDirectory(options.directory), segments, active, options.log);
    this.#checkpoint = this.#chain.beforeNext(options.checkpoint ?? this.#chain.oldest - 1);
    this.#chain.noteInserted(this.#checkpoint, now());
    this.recent = new RecentRows(options.recentBytes ?? 0);
    this.#cache = new FileCache(files);
    this.#chain.onRemove = (path) => this.#cache.drop(path);
    // With a few segments to a budget, trim can always make room again.
    const segmentBytesMax = Math.min(options.segmentBytesMax, Math.floor(options.budgetBytesMax / 4));
    this.#writer = new SegmentWriter({ ...options, files, chain: this.#chain, segmentBytesMax });
    const directories = [options.directory, options.sharedDirectory].filter((path) => path !== undefined);
    this.#room = new Room({
      budget: new DiskBudget(files, { ...options, directories, now }),
      chain: this.#chain,
      writer: this.#writer,
      pending: this.#pending,
      checkpoint: () => this.#checkpoint,
    });
  }

  /** Newest committed seq. */
  get head(): number {
    return this.#chain.active.lastSeq;
  }
  /** Newest appended seq; what is above head is not written yet. */
  get appended(): number {
    return this.head + this.#pending.count;
  }
  /** Number of the newest committed, and newest appended, parked event. */
  get parkedHead(): number {
    return this.#parkedHead;
  }
  get parkedAppended(): number {
    return Math.max(this.#parkedHead, this.#pending.newestParked);
  }
  /** Whether the next commit has anything to write. */
  get hasPending(): boolean {
    return this.#pending.bytes > 0;
  }
  /** Newest seq that survives what `durability` promises. */
  get durable(): number {
    return this.#writer.durable;
  }
  /** The seq up to which all is in ClickHouse. */
  get checkpoint(): number {
    return this.#checkpoint;
  }
  /** Committed events above the checkpoint, of all epochs. */
  get pending(): number {
    return this.#chain.countAbove(this.#checkpoint);
  }
  /** Oldest seq that can be read; head + 1 if there is none. */
  get oldest(): number {
    return this.#chain.oldest;
  }
  /** On disk. */
  get bytes(): number {
    return this.#chain.bytes;
  }
  /** Set when nothing can be written until a restart. */
  get failed(): Failure | null {
    return this.#writer.failed;
  }

  /** Appends an event and gives its seq; it is written by the next commit. Throws Failure journalFull or journalFailed, and then has appended nothing. */
  append(row: RowSource, receipt: ReceiptTexts): number {
    const seq = this.appended + 1;
    const bytes = this.#encode(recordKinds.event, seq, seq, row, receipt);
    this.#room.take(bytes);
    this.#pending.take(bytes);
    return seq;
  }

  /** The row that was appended or parked last, without its line feed; to be looked at before the next one. */
  lastRow(): Buffer {
    return this.#pending.lastRow();
  }

  /** Why no event would be kept now: the journal is dead, full, or its disk fails; null if one would. */
  check(): Failure | null {
    return this.failed ?? this.#room.refusal(recordHeaderBytes) ?? this.#writer.check();
  }

  /** As `append`, of an event that gets no seq yet: gives its number, which rises from event to event, from start to start. */
  park(row: RowSource, receipt: ReceiptTexts): number {
    const number = this.parkedAppended + 1;
    const bytes = this.#encode(recordKinds.parked, this.appended, number, row, receipt);
    this.#room.take(bytes);
    this.#pending.takeParked(bytes, number);
    return number;
  }

  /**
   * As `append`, of a parked event, which is settled by it. Never refused for want of room: it takes what it took when it was
   * parked and some 40 bytes, and what waits holds whole files, maybe all there are (decision 006).
   */
  unpark(number: number, row: RowSource, receipt: ReceiptTexts): number {
    const seq = this.appended + 1;
    const bytes = this.#encode(recordKinds.event, seq, seq, row, receipt);
    this.#room.takeBeyond(bytes);
    this.#pending.take(bytes);
    this.settleParked(number);
    return seq;
  }

  /** Notes that a parked event needs no more looking up. Throws as `append`. */
  settleParked(number: number): void {
    if (this.failed !== null) throw this.failed;
    this.#room.count(this.#pending.settle(this.appended, number));
  }

  /** Files that hold parked events from this number on stay. */
  holdParked(from: number): void {
    this.#chain.parkedFrom = from;
  }

  /** Takes back what was appended from the first event above `seq`, or parked one above `parked`, on; what is committed stays. */
  rollBack(seq: number, parked = Number.POSITIVE_INFINITY): void {
    this.#pending.rollBack(Math.max(0, seq - this.head), parked);
  }

  /** Writes all that is appended, or none of it: then it is taken back, and a Failure journalFull or journalFailed is thrown. */
  commit(): void {
    if (!this.hasPending) return;
    try {
      this.#writer.write(this.#pending);
      if (this.#pending.newestParked > 0) failPoint('parked-written');
      this.recent.take(this.head - this.#pending.count + 1, this.#pending);
      this.#parkedHead = this.parkedAppended;
    } catch (error) {
      this.#room.forget();
      throw error;
    } finally {
      this.#pending.clear();
    }
  }

  /** In fsync mode: all that is committed is durable after it. Throws Failure; the journal is dead then. */
  sync(): void {
    this.#writer.sync();
  }

  /** As `sync`, without waiting on the disk; calls while one runs share the next. */
  syncLater(): Promise<void> {
    return this.#writer.syncLater();
  }

  /** Committed events with seq in [from, upTo], up to about `bytesMax` bytes of rows but at least one, all of one epoch. With a memory, behind what it holds. Throws Failure pastRetention for what trim has passed. */
  read(from: number, bytesMax: number, upTo: number, memory?: ChunkMemory): JournalChunk {
    return this.#read({ from, bytesMax, upTo, oneDay: false, ...(memory && { memory }) });
  }

  /** As `read`, behind what the memory holds, and ending where the UTC day of `received` changes. */
  readDay(from: number, bytesMax: number, upTo: number, memory: ChunkMemory): JournalChunk {
    return this.#read({ from, bytesMax, upTo, oneDay: true, memory });
  }

  /** Visits id and times of kept events in seq order, of all above `after` and maybe of some before: to build the id window after a start. */
  scanIds(visit: VisitId, after = 0): void {
    for (const segment of this.#chain.all)
      if (segment.lastSeq > after) scanIds(this.#files, this.#cache.get(segment.path), segment, visit);
  }

  /** The newest kept seq up to `seq`; 0 if there is none. */
  newestUpTo(seq: number): number {
    return this.#chain.newestUpTo(seq);
  }

  /** The epoch that a kept seq belongs to. */
  epochOf(seq: number): string {
    return this.#chain.all.findLast(({ firstSeq }) => firstSeq <= seq)?.epoch ?? this.epoch;
  }

  /** All up to `seq` is in ClickHouse. The caller keeps that for the next start. */
  advanceCheckpoint(seq: number): void {
    if (seq > this.#checkpoint) this.#checkpoint = this.#chain.beforeNext(seq);
    this.#chain.noteInserted(this.#checkpoint, this.#now());
    this.recent.forget(this.#checkpoint);
  }

  /** Removes whole segments that are in ClickHouse, but for the newest ones that readers may still want. */
  trim(): void {
    this.#chain.trim(this.#checkpoint, this.#keep());
  }

  /** As `trim`, without waiting on the disk. */
  trimLater(): void {
    this.#chain.trimLater(this.#checkpoint, this.#keep());
  }

  /** Commits, syncs the whole data folder, marks the clean stop and closes the files. Never throws: what fails is logged, and was not acknowledged. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.commit();
      this.#writer.markCleanStop();
      noteCleanStop(this.#files, this.#options, this.#bootId);
    } catch (error) {
      this.#options.log.error({ err: error }, 'the journal could not be closed cleanly');
    }
    this.#writer.close();
    this.#cache.close();
    this.#chain.close();
  }

  #keep(): Keep {
    const { durability, keepBytesPastCheckpoint, keepMsPastCheckpoint } = this.#options;
    const insertedBefore = durability === 'fsync' ? this.#now() - keepMsPastCheckpoint : Number.POSITIVE_INFINITY;
    return { bytes: keepBytesPastCheckpoint, insertedBefore };
  }

  #read(request: ChunkRequest): JournalChunk {
    const { oldest } = this;
    if (request.from < oldest)
      throw new Failure('pastRetention', `The journal begins at seq ${oldest}; ${request.from} is gone from it.`);
    return readChunk(this.#files, this.#cache, this.#chain.all, request);
  }

  /** Gives the record's bytes; it is not taken yet. Throws the Failure that the journal died of. */
  #encode(kind: 1 | 4, seq: number, number: number, row: RowSource, receipt: ReceiptTexts): number {
    if (this.failed !== null) throw this.failed;
    return this.#pending.encode(kind, seq, number, row, receipt);
  }
}
