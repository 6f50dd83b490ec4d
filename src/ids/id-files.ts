/**
 * `<data>/ids/<number>.ids`: the ids of recent events, kept longer than the journal's files (I11), so that the id
 * window is whole again after a start without asking ClickHouse. They are written once a batch, before the checkpoint
 * passes it: what is not here yet is above the checkpoint, and so in the journal.
 */
import { join } from 'node:path';
import { StartRefused } from '../base/errors.ts';
import { failPoint } from '../base/fail-point.ts';
import { codeOf, type FilePort, nodeFiles, writeAll } from '../base/file-port.ts';
import type { Log } from '../base/log.ts';
import { recordHeaderBytes, recordKind, recordSeq, recordVersion, recordVersionOf } from '../base/record.ts';
import { scanRecords } from '../base/scan-records.ts';
import { ForgottenIds, type ForgottenState } from './forgotten-ids.ts';
import { decodeForgotten, encodeForgotten, IdRecord, idRecordKinds, visitIds } from './id-file-format.ts';
import type { IdWindow } from './id-window.ts';

export interface IdFilesOptions {
  /** The data folder. */
  readonly directory: string;
  /** At least so many of the newest ids are kept. */
  readonly idsMax: number;
  /** Whether each write is synced (fsync mode). */
  readonly sync: boolean;
  readonly log: Log;
}

/** What takes the ids that files hold, in the order in which they were kept. */
export type LoadedIds = Pick<IdWindow, 'addKnown' | 'rollBack'>;

interface IdFile {
  readonly number: number;
  readonly path: string;
  ids: number;
  bytes: number;
}

const filesPerWindow = 8;
const recordIdsMax = 32 * 1024;

export class IdFiles {
  readonly #options: IdFilesOptions;
  readonly #files: FilePort;
  readonly #directory: string;
  /** The last one is written on. */
  readonly #kept: IdFile[] = [];
  readonly #record = new IdRecord(recordIdsMax);
  /** All that was ever written, as a new file's `before` has it. */
  readonly #all = new ForgottenIds();
  #keptUpTo = 0;
  #active: number | null = null;
  #hasBegun = false;
  #isDamaged = false;

  constructor(options: IdFilesOptions, files: FilePort = nodeFiles) {
    this.#options = options;
    this.#files = files;
    this.#directory = join(options.directory, 'ids');
    files.makeDirectory(this.#directory);
    if (options.sync) files.syncDirectory(options.directory);
  }

  /** The seq of the newest id that was written; all before it were written, too. */
  get keptUpTo(): number {
    return this.#keptUpTo;
  }

  /** Whether ids may be missing behind `keptUpTo`, or before. */
  get isDamaged(): boolean {
    return this.#isDamaged;
  }

  /**
   * Puts all kept ids into the window, and what was forgotten earlier into `forgotten`. False if there are no files:
   * then nothing is known. A file that is damaged costs the ids behind the damage: they count as forgotten.
   */
  load(window: LoadedIds, forgotten: ForgottenIds): boolean {
    const numbers = this.#files.list(this.#directory).flatMap((name) => numberOfName(name) ?? []);
    for (const number of numbers.sort((a, b) => a - b)) this.#loadFile(number, window, forgotten);
    this.#goOn();
    return this.#hasBegun;
  }

  /**
   * Writes the ids that the window has from the last kept one up to `seq`. Throws what the disk throws; what is not
   * written then is written by the next call.
   */
  keep(window: Pick<IdWindow, 'visit'>, seq: number): void {
    if (seq <= this.#keptUpTo) return;
    this.#rollIfDue();
    let upTo = this.#keptUpTo;
    window.visit(this.#keptUpTo, seq, (known) => {
      this.#all.forget(known.received, known.aheadMinute);
      this.#record.add(known);
      upTo = known.seq;
      if (this.#record.isFull) this.#writeIds(upTo);
    });
    if (this.#record.count > 0) this.#writeIds(upTo);
  }

  /** Ids above `seq` are not to be relied on any more: they, and what `state` says, count as forgotten from now on. */
  noteLost(seq: number, state: ForgottenState): void {
    this.#rollIfDue();
    this.#write(encodeForgotten(idRecordKinds.lost, seq, state), 0);
    this.#all.merge(state);
    this.#keptUpTo = Math.min(this.#keptUpTo, seq);
  }

  /**
   * Keeps the ids of a window in place of all that was kept, and what is forgotten of those before: all up to `upTo` is
   * known then. Throws what the disk throws; then a part of them is kept.
   */
  replace(window: Pick<IdWindow, 'visit'>, forgotten: ForgottenState, upTo: number): void {
    this.close();
    for (const { path } of this.#kept.splice(0).reverse()) this.#files.unlink(path);
    this.#keptUpTo = 0;
    this.#all.merge(forgotten);
    this.keep(window, upTo);
    if (this.#keptUpTo === upTo) return;
    // The newest ids of all have left the window already.
    this.#keptUpTo = upTo;
    this.#roll();
  }

  close(): void {
    if (this.#active !== null) this.#files.close(this.#active);
    this.#active = null;
  }

  #writeIds(upTo: number): void {
    const ids = this.#record.count;
    this.#write(this.#record.seal(), ids);
    this.#keptUpTo = upTo;
    failPoint('ids-written');
  }

  #write(record: Buffer, ids: number): void {
    const active = this.#kept.at(-1)!;
    // At its place, not at the file's end: a write that failed half way is written over.
    writeAll(this.#files, this.#active!, record, record.length, active.bytes);
    if (this.#options.sync) this.#files.sync(this.#active!);
    active.bytes += record.length;
    active.ids += ids;
  }

  /** Before ids are read from the window: `before` then holds none of those that the file will hold. */
  #rollIfDue(): void {
    const isDue = (this.#kept.at(-1)?.ids ?? 0) >= this.#options.idsMax / filesPerWindow;
    if (this.#active === null || isDue) this.#roll();
  }

  #roll(): void {
    const number = (this.#kept.at(-1)?.number ?? 0) + 1;
    const path = join(this.#directory, nameOf(number));
    const before = encodeForgotten(idRecordKinds.before, this.#keptUpTo, this.#all.state());
    const file = this.#files.open(path, 'replace');
    writeAll(this.#files, file, before, before.length, 0);
    if (this.#options.sync) {
      this.#files.sync(file);
      this.#files.syncDirectory(this.#directory);
    }
    this.close();
    this.#active = file;
    this.#kept.push({ number, path, ids: 0, bytes: before.length });
    failPoint('ids-rolled');
    this.#trim();
  }

  /** The last file is written on, unless it has not even its first record. */
  #goOn(): void {
    const last = this.#kept.at(-1);
    if (last === undefined || last.bytes === 0) return;
    this.#active = this.#files.open(last.path, 'change');
    this.#files.truncate(this.#active, last.bytes);
  }

  #trim(): void {
    let ids = this.#kept.reduce((sum, file) => sum + file.ids, 0);
    while (ids - this.#kept[0]!.ids >= this.#options.idsMax) {
      const { path } = this.#kept[0]!;
      try {
        this.#files.unlink(path);
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') {
          this.#options.log.warn({ err: error, file: path }, 'an id file could not be removed');
          return;
        }
      }
      ids -= this.#kept.shift()!.ids;
    }
  }

  #loadFile(number: number, window: LoadedIds, forgotten: ForgottenIds): void {
    const path = join(this.#directory, nameOf(number));
    const file = this.#files.open(path, 'read');
    try {
      const found: IdFile = { number, path, ids: 0, bytes: 0 };
      const size = this.#files.bytes(file);
      const { offset, stopped } = scanRecords(this.#files, file, 0, size, (buffer, at, bytes) => {
        if (recordVersionOf(buffer, at) !== recordVersion) throw newer(path);
        const payload = buffer.subarray(at + recordHeaderBytes, at + bytes);
        this.#loadRecord(recordKind(buffer, at), recordSeq(buffer, at), payload, found, window, forgotten);
      });
      found.bytes = offset;
      this.#kept.push(found);
      if (stopped === null) return;
      this.#isDamaged = true;
      this.#options.log.warn({ file: path, offset }, 'an id file ends in an unfinished write, or is damaged');
    } finally {
      this.#files.close(file);
    }
  }

  #loadRecord(
    kind: number,
    seq: number,
    payload: Buffer,
    file: IdFile,
    window: LoadedIds,
    forgotten: ForgottenIds,
  ): void {
    switch (kind) {
      case idRecordKinds.before: {
        const state = decodeForgotten(payload);
        // In later files it says what the files before hold, unless one of those is damaged.
        const isWhole = this.#kept.length > 0 && seq === this.#keptUpTo;
        if (!isWhole) forgotten.merge(state);
        this.#hasBegun = true;
        this.#all.merge(state);
        this.#keptUpTo = seq;
        return;
      }
      case idRecordKinds.ids:
      case idRecordKinds.tagged:
        visitIds(payload, kind === idRecordKinds.tagged, (known) => {
          this.#all.forget(known.received, known.aheadMinute);
          window.addKnown(known);
          file.ids += 1;
        });
        this.#keptUpTo = seq;
        return;
      case idRecordKinds.lost:
        window.rollBack(seq);
        forgotten.merge(decodeForgotten(payload));
        this.#all.merge(decodeForgotten(payload));
        this.#keptUpTo = Math.min(this.#keptUpTo, seq);
        return;
      default: // what comes from a disk is no closed type
        throw newer(file.path);
    }
  }
}

function nameOf(number: number): string {
  return `${String(number).padStart(12, '0')}.ids`;
}

function numberOfName(name: string): number | null {
  const number = /^(\d{12})\.ids$/.exec(name)?.[1];
  return number === undefined ? null : Number(number);
}

function newer(path: string): StartRefused {
  return new StartRefused(
    `The id file ${path} holds records that this version of Sluice does not know. ` +
      'Start the newer version that wrote it.',
  );
}
