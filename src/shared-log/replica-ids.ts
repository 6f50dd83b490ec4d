/**
 * The ids of a replica, kept on disk beside it: at a start the window is what the events of the log and those before
 * them leave (I11), the same as in a process that never ended. Only ids of committed events are written; those of
 * events that a power cut took from the log are passed over, for they come again.
 */
import type { FilePort } from '../base/file-port.ts';
import type { Log } from '../base/log.ts';
import type { LogReader } from '../event-log/log-reader.ts';
import { ForgottenIds, type ForgottenState } from '../ids/forgotten-ids.ts';
import { IdFiles } from '../ids/id-files.ts';
import { IdWindow, type KnownId } from '../ids/id-window.ts';
import { addLogged, letGoOld, type WindowBounds } from './replica-window.ts';

export interface ReplicaIdsParts extends WindowBounds {
  /** Of the replica. */
  readonly directory: string;
  readonly replica: Pick<LogReader, 'head' | 'oldest' | 'firstSeq' | 'scanIds'>;
  /** Whether there was an epoch before this one: then ids had left before the first event of the log, too. */
  readonly hasBefore: boolean;
  /** Whether each write is synced (fsync mode). */
  readonly sync: boolean;
  readonly files: FilePort;
  readonly log: Log;
}

/** An id must be in a file before it can leave the window: of so many shares of the window one may be in none. */
const sharesOfWindow = 8;

export class ReplicaIds {
  readonly #parts: ReplicaIdsParts;
  #files: IdFiles;
  #window: IdWindow | null = null;
  #missingUpTo: number | null = null;

  constructor(parts: ReplicaIdsParts) {
    this.#parts = parts;
    this.#files = this.#newFiles();
  }

  /**
   * Where the ids of events before the log's oldest are not all here: up to which seq. Until they are filled in nothing
   * may be judged.
   */
  get missingUpTo(): number | null {
    return this.#missingUpTo;
  }

  /**
   * The window as it is behind this seq, and what left it before: `open` finds it then. Throws what the disk throws.
   */
  fill(window: IdWindow, forgotten: ForgottenState, upTo: number): void {
    this.#files.replace(window, forgotten, upTo);
  }

  /** Whether ids are to be kept soon, of events up to this seq: after a commit of what was applied. */
  isDue(seq: number): boolean {
    return this.#unkept(seq) >= this.#share;
  }

  /** Whether so many ids are in no file that one might leave the window before it is in one. */
  isOverdue(seq: number): boolean {
    return this.#unkept(seq) >= 3 * this.#share;
  }

  #unkept(seq: number): number {
    return seq - Math.max(this.#files.keptUpTo, this.#parts.replica.firstSeq - 1);
  }

  get #share(): number {
    return Math.floor(this.#parts.idsMax / sharesOfWindow);
  }

  /** The window as the log's committed events leave it; empty where ids are missing. */
  open(): IdWindow {
    const { replica, idsMax } = this.#parts;
    this.#files.close();
    this.#files = this.#newFiles();
    const forgotten = new ForgottenIds();
    const window = new IdWindow({ idsMax, checkpoint: () => Number.POSITIVE_INFINITY, forgotten });
    const kept = new KeptIds();
    this.#files.load(kept, forgotten);
    kept.cut(replica.head);
    kept.visit((known) => {
      letGoOld(window, known.received, this.#parts);
      window.addKnown(known);
    });
    if (this.#files.keptUpTo > replica.head) this.#files.noteLost(replica.head, { upTo: null, ranges: [] });
    this.#missingUpTo = this.#gapUpTo();
    if (this.#missingUpTo !== null) return this.#unknownWindow();
    const after = this.#files.keptUpTo;
    replica.scanIds((id, occurred, seq, received, tag) => {
      if (seq > after) addLogged(window, this.#parts, id, occurred, seq, received, tag);
    }, after);
    this.#window = window;
    return window;
  }

  /** Writes the ids of all committed events up to `seq`. Throws what the disk throws. */
  keep(seq: number): void {
    if (this.#window !== null) this.#files.keep(this.#window, Math.min(seq, this.#parts.replica.head));
  }

  close(): void {
    this.#files.close();
  }

  #newFiles(): IdFiles {
    const { directory, idsMax, sync, log, files } = this.#parts;
    return new IdFiles({ directory, idsMax, sync, log }, files);
  }

  /** Null where each id of the window is in a file or in the log. */
  #gapUpTo(): number | null {
    const { replica, hasBefore } = this.#parts;
    const { oldest, firstSeq } = replica;
    const isFirst = oldest === firstSeq && !hasBefore;
    return isFirst || oldest <= this.#files.keptUpTo + 1 ? null : oldest - 1;
  }

  #unknownWindow(): IdWindow {
    const forgotten = new ForgottenIds();
    forgotten.isUnknown = true;
    this.#window = null;
    return new IdWindow({ idsMax: this.#parts.idsMax, checkpoint: () => Number.POSITIVE_INFINITY, forgotten });
  }
}

/** Eight numbers for each id. */
const numbersPerId = 8;

/** What id files hold, in order, before it is known how much of it counts. */
class KeptIds {
  readonly #numbers: number[] = [];

  addKnown({ words, at, seq, received, aheadMinute, tag }: KnownId): void {
    const [one = 0, two = 0, three = 0, four = 0] = words.subarray(at, at + 4);
    this.#numbers.push(one, two, three, four, seq, received, aheadMinute, tag);
  }

  rollBack(seq: number): void {
    this.cut(seq);
  }

  cut(seq: number): void {
    while (this.#numbers.length > 0 && (this.#numbers[this.#numbers.length - 4] ?? 0) > seq) {
      this.#numbers.length -= numbersPerId;
    }
  }

  visit(visit: (known: KnownId) => void): void {
    const words = new Uint32Array(4);
    for (let from = 0; from < this.#numbers.length; from += numbersPerId) {
      const [one = 0, two = 0, three = 0, four = 0, seq = 0, received = 0, aheadMinute = 0, tag = 0] =
        this.#numbers.slice(from, from + numbersPerId);
      words.set([one, two, three, four]);
      visit({ words, at: 0, seq, received, aheadMinute, tag });
    }
  }
}
