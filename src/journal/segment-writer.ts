/**
 * Writes groups of records at the end of the active segment, makes them durable, and undoes what a failing disk left
 * half-done (I1). After a failure that cannot be undone, or a failed fdatasync, nothing is written until a restart.
 */
import type { Observable } from 'rxjs';
import { Failure } from '../base/errors.ts';
import { failPoint } from '../base/fail-point.ts';
import { codeOf, type FilePort, writeAll } from '../base/file-port.ts';
import type { Log } from '../base/log.ts';
import type { Counters } from '../base/metrics.ts';
import { recordHeaderBytes, sealRecord } from '../base/record.ts';
import type { Horizon } from '../event-log/log-writer.ts';
import type { AppliedMark } from '../event-log/replica-log.ts';
import { markRecord } from './applied-marks.ts';
import { GroupSync } from './group-sync.ts';
import type { PendingRecords } from './pending-records.ts';
import { recordKinds } from './record-kinds.ts';
import type { SegmentChain } from './segment-chain.ts';

export interface SegmentWriterParts {
  readonly files: FilePort;
  readonly chain: SegmentChain;
  readonly durability: 'process' | 'fsync';
  readonly segmentBytesMax: number;
  readonly elapsedMs: () => number;
  /** How long commits and fdatasyncs take. */
  readonly counters?: Pick<Counters, 'commits' | 'syncs'>;
  readonly log: Log;
}

/** Recovery takes zeros for the end. */
const zeros = Buffer.alloc(1024 * 1024);
const trialBytes = 4096;
/** Measured: 1 MB ahead gains less, 16 MB make the fdatasync behind them long. */
const fillBytes = 4 * 1024 * 1024;

export class SegmentWriter {
  readonly #parts: SegmentWriterParts;
  readonly #sync: GroupSync;
  #failed: Failure | null = null;
  /** Why the last write failed; null once one has succeeded. */
  #trouble: Failure | null = null;
  /** What the newest mark in the journal says; a mark is only written when there is news. */
  #markedSeq: number;
  /** Bytes of the active file, zeros behind the last record included. */
  #filledTo: number;

  constructor(parts: SegmentWriterParts) {
    const { files, chain, elapsedMs, counters } = parts;
    this.#parts = parts;
    this.#markedSeq = chain.active.lastSeq;
    this.#filledTo = files.bytes(chain.activeFile);
    this.#sync = new GroupSync({
      files,
      newest: () => ({
        path: chain.active.path,
        file: chain.activeFile,
        ticket: chain.ticket,
        parked: chain.parked,
        written: chain.written,
      }),
      failed: () => this.#failed,
      fail: (error) => this.die('could not be synced to the disk', error),
      elapsedMs,
      took: (seconds) => counters?.syncs.observe(seconds),
    });
  }

  /** Set when nothing can be written until a restart. */
  get failed(): Failure | null {
    return this.#failed;
  }
  /** What survives what `durability` promises. */
  get horizon(): Horizon {
    return this.#parts.durability === 'process' ? this.#parts.chain : this.#sync;
  }
  get horizon$(): Observable<Horizon> {
    return this.#sync.moved$;
  }

  /** Writes all of the group, or none of it. Throws Failure. */
  write(pending: PendingRecords): void {
    const { files, chain, durability, segmentBytesMax, elapsedMs, counters } = this.#parts;
    const records = pending.count;
    const startedMs = elapsedMs();
    try {
      if (this.#failed !== null) throw this.#failed;
      if (chain.active.bytes + pending.bytes > segmentBytesMax) this.roll();
      if (durability === 'fsync' && this.#sync.ticket > this.#markedSeq) {
        this.#markedSeq = this.#sync.ticket;
        pending.mark(recordKinds.synced, this.#markedSeq);
      }
      if (durability === 'fsync') this.#fill(chain.active.bytes + pending.bytes);
      writeAll(files, chain.activeFile, pending.buffer, pending.bytes, chain.active.bytes);
    } catch (error) {
      throw this.#takeBack(error);
    }
    this.#trouble = null;
    const { index, lastSeq, bytes } = chain.active;
    for (const { nth, offset } of pending.marks) index.note(lastSeq + 1 + nth, bytes + offset);
    chain.grow(records, pending.bytes, pending.newestParked);
    if (pending.applied !== null) chain.applied = pending.applied;
    counters?.commits.observe((elapsedMs() - startedMs) / 1000);
    failPoint('journal-written');
  }

  /** Whether writing works: after a failed write it is tried again behind the last record, and undone. */
  check(): Failure | null {
    const { files, chain } = this.#parts;
    if (this.#failed !== null || this.#trouble === null) return this.#failed;
    try {
      writeAll(files, chain.activeFile, zeros, trialBytes, chain.active.bytes);
      this.#cutBack();
      this.#trouble = null;
    } catch (error) {
      return this.#takeBack(error);
    }
    return null;
  }

  /** The horizon passes all that is committed. Throws Failure. */
  syncNow(): void {
    if (this.#failed !== null) throw this.#failed;
    if (this.#parts.durability === 'fsync') this.#sync.now();
  }

  /** As `syncNow`, without waiting on the disk. */
  syncLater(): void {
    if (this.#parts.durability === 'fsync') this.#sync.begin();
  }

  /**
   * Begins a new active segment, unless the present one has no event: then what is settled in it goes. Throws the
   * system's error, or a Failure that is for good.
   */
  roll(): void {
    const { chain, durability } = this.#parts;
    // What a replica's file holds beside events is its mark, which it would lose.
    if (chain.applied === null) chain.dropSettled();
    if (chain.isActiveEmpty) return;
    const isSynced = durability === 'fsync';
    // An older segment is never torn: it is durable before the next one exists.
    if (isSynced) {
      this.#cutBack();
      this.#sync.now();
    }
    chain.roll(isSynced);
    this.#filledTo = chain.active.bytes;
    if (chain.applied !== null) this.#repeatMark(chain.applied);
    failPoint('segment-rolled');
  }

  /** A replica's newest mark stands in its newest file too: older ones may go. */
  #repeatMark(mark: AppliedMark): void {
    const { files, chain } = this.#parts;
    const record = markRecord(chain.active.lastSeq, mark);
    writeAll(files, chain.activeFile, record, record.length, chain.active.bytes);
    chain.grow(0, record.length, 0);
  }

  /** The journal is dead, for this reason. */
  die(what: string, cause: unknown): Failure {
    this.#parts.log.error({ err: cause }, `the journal ${what}; intake stops until a restart`);
    this.#failed ??= new Failure('journalFailed', `The journal ${what}; intake stops until a restart.`, { cause });
    return this.#failed;
  }

  /**
   * Syncs all there is, in process mode too, and only then writes the mark: whoever finds it knows that all before it
   * was on the disk. Throws the system's error, or the Failure that the journal died of.
   */
  markCleanStop(): void {
    const { files, chain } = this.#parts;
    if (this.#failed !== null) throw this.#failed;
    this.#cutBack();
    chain.syncAll();
    const mark = Buffer.alloc(recordHeaderBytes);
    sealRecord(mark, 0, recordKinds.cleanStop, chain.active.lastSeq, 0);
    writeAll(files, chain.activeFile, mark, mark.length, chain.active.bytes);
    files.sync(chain.activeFile);
  }

  /** Nothing is written from now on. */
  close(): void {
    this.#failed ??= new Failure('shuttingDown', 'The journal is closed.');
    this.#sync.close();
  }

  /**
   * Zeros ahead of what is written: then most of the time fdatasync has no new blocks to note, which takes it half as
   * long.
   */
  #fill(end: number): void {
    const { files, chain, segmentBytesMax } = this.#parts;
    const upTo = Math.min(end + fillBytes, segmentBytesMax);
    if (end <= this.#filledTo || end > upTo) return;
    this.#filledTo = Math.max(this.#filledTo, chain.active.bytes);
    while (this.#filledTo < upTo) {
      const length = Math.min(zeros.length, upTo - this.#filledTo);
      writeAll(files, chain.activeFile, zeros, length, this.#filledTo);
      this.#filledTo += length;
    }
  }

  /** Ends the active file behind its last record. */
  #cutBack(): void {
    const { files, chain } = this.#parts;
    files.truncate(chain.activeFile, chain.active.bytes);
    this.#filledTo = chain.active.bytes;
  }

  /** After a failed write: back to the last good byte; the journal is dead if that fails too. */
  #takeBack(error: unknown): Failure {
    if (this.#failed !== null) return this.#failed;
    if (error instanceof Failure) return this.die('could begin no new file', error);
    try {
      this.#cutBack();
    } catch (truncateError) {
      return this.die('could not be cut back after a failed write', truncateError);
    }
    const isFull = ['ENOSPC', 'EDQUOT'].includes(codeOf(error));
    this.#trouble = isFull
      ? new Failure('journalFull', "The journal's disk is full; send again when there is room.", { cause: error })
      : new Failure('journalFailed', `The journal could not be written (${codeOf(error) || 'a short write'}).`, {
          cause: error,
        });
    return this.#trouble;
  }
}
