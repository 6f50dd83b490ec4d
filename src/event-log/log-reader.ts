/**
 * The log as its readers see it: events in the order of their seqs, as rows back to back. Readers know no tickets: all
 * that they can read has its seq for good (I2).
 */

/**
 * Events `first` to `last`, all of one epoch. None if `count` is 0: then `first` is the next kept seq, which lies
 * behind what was asked for, or the one that is given next, and `last` is before it. Between two epochs that may be
 * billions of seqs on.
 */
export interface LogChunk {
  readonly first: number;
  readonly last: number;
  readonly count: number;
  /** TSVRaw rows (row.ts) back to back, ready to insert. */
  readonly rows: Buffer;
}

/** A reader's own memory, to be used again: rows are read behind the first `bytes` of it, and it grows if it must. */
export interface ChunkMemory {
  buffer: Buffer;
  /** Rows of the chunks before, which stay. */
  bytes: number;
}

/** Both times as in the row; `tag` as in TaggedRow. */
export type VisitId = (id: string, occurred: string, seq: number, received: string, tag: number) => void;

export interface LogReader {
  /** The epoch that is written now, and the seq of its first event. */
  readonly epoch: string;
  readonly firstSeq: number;
  /** The oldest seq that can be read; head + 1 if there is none. */
  readonly oldest: number;
  /** The newest seq that can be read. */
  readonly head: number;
  /** The seq up to which all is in ClickHouse. */
  readonly checkpoint: number;
  /**
   * Events with seq in [from, upTo], up to about `bytesMax` bytes of rows but at least one. With a memory, behind what
   * it holds; without, in memory of their own. Throws Failure pastRetention for what was trimmed, journalFailed for
   * what is damaged.
   */
  read(from: number, bytesMax: number, upTo: number, memory?: ChunkMemory): LogChunk;
  /** As `read`, ending where the UTC day of `received` changes, that of the memory's first row if it has rows. */
  readDay(from: number, bytesMax: number, upTo: number, memory: ChunkMemory): LogChunk;
  /**
   * As `readDay`, of what is still in memory; null if it must be read. The rows are good until the checkpoint has
   * passed them.
   */
  recentDay(from: number, bytesMax: number, upTo: number): LogChunk | null;
  /** The newest kept seq up to `seq`; 0 if there is none. */
  newestUpTo(seq: number): number;
  /** The epoch that a kept seq belongs to. */
  epochOf(seq: number): string;
  /** Visits id and times of kept events in seq order: of all above `after`, and maybe of some before. */
  scanIds(visit: VisitId, after?: number): void;
}

/** Whether the log still has this event. */
export function isKept(log: Pick<LogReader, 'oldest' | 'read'>, seq: number): boolean {
  return seq >= log.oldest && log.read(seq, 1, seq).count === 1;
}
