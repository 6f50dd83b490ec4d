/**
 * The segments of a journal in seq order, the last one active: begins new ones, removes old ones.
 */
import { failPoint } from '../base/fail-point.ts';
import { codeOf, type FilePort } from '../base/file-port.ts';
import type { Log } from '../base/log.ts';
import type { Horizon } from '../event-log/log-writer.ts';
import type { AppliedMark } from '../event-log/replica-log.ts';
import { createSegment, isEmpty, type Segment, type WritableSegment } from './segment.ts';
import { segmentHeaderBytes } from './segment-header.ts';

/** What trim leaves of the segments that are in ClickHouse. */
export interface Keep {
  /** The newest ones, up to so many bytes. */
  readonly bytes: number;
  /** Those that got there after this time, in ms. */
  readonly insertedBefore: number;
}

/** What is committed is the horizon of process mode. */
export class SegmentChain implements Horizon {
  /** Called with the path of a file before it is removed. */
  onRemove: (path: string) => void = () => undefined;
  readonly #files: FilePort;
  readonly #directory: string;
  readonly #log: Log;
  readonly #segments: Segment[];
  /** Its file is being removed, and it is no part of the chain any more. */
  #removing: Segment | null = null;
  #active: WritableSegment;
  #bytes: number;
  #written = 0;
  /** Parked events from this number on are not settled yet: their files stay. */
  parkedFrom = Number.POSITIVE_INFINITY;
  /** Events from this seq on are still wanted, in ClickHouse or not: their files stay. */
  heldFrom = Number.POSITIVE_INFINITY;
  /** Of a replica: the newest mark that is written; null for any other journal. */
  applied: AppliedMark | null = null;

  #newestParked: number;

  /** `newestParked`: the highest number of a parked event that these segments and earlier ones hold. */
  constructor(
    files: FilePort,
    directory: string,
    segments: Segment[],
    active: WritableSegment,
    newestParked: number,
    log: Log,
  ) {
    this.#files = files;
    this.#directory = directory;
    this.#segments = segments;
    this.#active = active;
    this.#log = log;
    this.#newestParked = newestParked;
    this.#bytes = segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get all(): readonly Segment[] {
    return this.#segments;
  }
  /** The one that is written on. */
  get active(): Segment {
    return this.#active.segment;
  }
  /** The newest committed seq. */
  get ticket(): number {
    return this.active.lastSeq;
  }
  /** The number of the newest committed parked event. */
  get parked(): number {
    return this.#newestParked;
  }
  get activeFile(): number {
    return this.#active.file;
  }
  get isActiveEmpty(): boolean {
    return isEmpty(this.active);
  }
  /** Committed, of all segments. */
  get bytes(): number {
    return this.#bytes;
  }
  /** Rises with every record that is written. */
  get written(): number {
    return this.#written;
  }
  get oldest(): number {
    return this.#segments[0]!.firstSeq;
  }

  /** Counts events, and the newest of parked ones, that were written at the end of the active segment. */
  grow(events: number, bytes: number, newestParked: number): void {
    this.active.lastSeq += events;
    this.active.bytes += bytes;
    this.active.lastParked = Math.max(this.active.lastParked, newestParked);
    this.#newestParked = Math.max(this.#newestParked, newestParked);
    this.#bytes += bytes;
    this.#written += bytes;
  }

  /** Empties an active segment that holds no event, and nothing that waits: it cannot be followed by another one. */
  dropSettled(): void {
    const { active } = this;
    if (!this.isActiveEmpty || active.bytes === segmentHeaderBytes || active.lastParked >= this.parkedFrom) return;
    this.#files.truncate(this.activeFile, segmentHeaderBytes);
    this.#bytes -= active.bytes - segmentHeaderBytes;
    active.bytes = segmentHeaderBytes;
    active.lastParked = 0;
  }

  /** Begins a new active segment behind the present one. Throws as createSegment, and then nothing has changed. */
  roll(sync: boolean): void {
    const { segment, file } = this.#active;
    this.#active = createSegment(this.#files, this.#directory, segment.epoch, segment.lastSeq + 1, sync);
    this.#segments.push(this.active);
    this.#bytes += this.active.bytes;
    this.#files.close(file);
  }

  /** Notes when segments but the active one were first known to be in ClickHouse. */
  noteInserted(checkpoint: number, now: number): void {
    for (const segment of this.#segments) {
      if (segment.lastSeq > checkpoint || segment.path === this.active.path) return;
      segment.insertedAt ??= now;
    }
  }

  /**
   * Removes whole segments with nothing above `checkpoint`, oldest first, but for what is kept; never the active one.
   * True if any went.
   */
  trim(checkpoint: number, keep: Keep): boolean {
    const before = this.oldest;
    this.#endRemoval();
    for (const segment of this.#expired(checkpoint, keep)) {
      try {
        this.onRemove(segment.path);
        this.#files.unlink(segment.path);
        // One after the other, for good: a power cut must not bring back an older file without a younger one.
        this.#files.syncDirectory(this.#directory);
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') {
          this.#log.warn({ err: error, file: segment.path }, 'a journal file could not be removed');
          break;
        }
      }
      this.#segments.shift();
      this.#bytes -= segment.bytes;
      failPoint('segment-removed');
    }
    return this.oldest > before;
  }

  /** As `trim`, without waiting on the disk: a file of 64 MB takes it several ms to let go. One at a time, as there. */
  trimLater(checkpoint: number, keep: Keep): void {
    const [segment] = this.#removing === null ? this.#expired(checkpoint, keep) : [];
    if (segment === undefined) return;
    this.#removing = segment;
    this.onRemove(segment.path);
    this.#segments.shift();
    this.#bytes -= segment.bytes;
    this.#files.unlinkLater(segment.path, this.#directory).then(
      () => {
        if (this.#removing !== segment) return;
        this.#removing = null;
        failPoint('segment-removed');
        this.trimLater(checkpoint, keep);
      },
      (error: unknown) => {
        if (this.#removing !== segment) return;
        this.#removing = null;
        if (codeOf(error) === 'ENOENT') return;
        this.#log.warn({ err: error, file: segment.path }, 'a journal file could not be removed');
        this.#segments.unshift(segment);
        this.#bytes += segment.bytes;
      },
    );
  }

  /** What `trimLater` has begun is over before the next file goes. */
  #endRemoval(): void {
    const segment = this.#removing;
    if (segment === null) return;
    this.#removing = null;
    try {
      this.#files.unlink(segment.path);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT')
        this.#log.warn({ err: error, file: segment.path }, 'a journal file could not be removed');
    }
    this.#files.syncDirectory(this.#directory);
  }

  /** The seq before the first kept one above `seq`: no seq was given between two epochs. */
  beforeNext(seq: number): number {
    const next = this.#segments.find((segment) => segment.lastSeq > seq && !isEmpty(segment)) ?? this.active;
    return Math.max(seq, next.firstSeq - 1);
  }

  /** Committed events with a seq above it. */
  countAbove(seq: number): number {
    return this.#segments.reduce(
      (sum, { firstSeq, lastSeq }) => sum + Math.max(0, lastSeq - Math.max(seq, firstSeq - 1)),
      0,
    );
  }

  /** Syncs every file and its name, whoever wrote it. Throws the system's error. */
  syncAll(): void {
    for (const { path } of this.#segments) {
      if (path === this.active.path) continue;
      const file = this.#files.open(path, 'change');
      try {
        this.#files.sync(file);
      } finally {
        this.#files.close(file);
      }
    }
    this.#files.sync(this.activeFile);
    this.#files.syncDirectory(this.#directory);
  }

  /** The newest kept seq up to `seq`; 0 if there is none. */
  newestUpTo(seq: number): number {
    const segment = this.#segments.findLast(({ firstSeq, lastSeq }) => firstSeq <= Math.min(seq, lastSeq));
    return segment === undefined ? 0 : Math.min(seq, segment.lastSeq);
  }

  close(): void {
    // The file goes, or is found again.
    this.#removing = null;
    this.#files.close(this.#active.file);
  }

  #expired(checkpoint: number, { bytes: keepBytes, insertedBefore }: Keep): Segment[] {
    const rest = this.#segments.findIndex((segment) => {
      const isWanted = segment.lastSeq >= this.heldFrom || segment.lastParked >= this.parkedFrom;
      return segment === this.active || segment.lastSeq > checkpoint || isWanted;
    });
    const inserted = this.#segments.slice(0, rest);
    let kept = 0;
    let count = inserted.length;
    while (count > 0 && kept + inserted[count - 1]!.bytes <= keepBytes) {
      count -= 1;
      kept += inserted[count]!.bytes;
    }
    const young = inserted.findIndex(({ insertedAt }) => (insertedAt ?? Number.POSITIVE_INFINITY) > insertedBefore);
    return inserted.slice(0, young < 0 ? count : Math.min(count, young));
  }
}
