/**
 * Reads rows from segments, in seq order, straight into the buffer that is handed on: records are read as they lie in
 * the file and their payloads moved together. Every record's checksum is checked again.
 */
import { Failure } from '../base/errors.ts';
import { type FilePort, readFully } from '../base/file-port.ts';
import { claimedBytes, harmed, recordBytes, recordHeaderBytes, recordKind, recordSeq } from '../base/record.ts';
import type { ChunkMemory, LogChunk } from '../event-log/log-reader.ts';
import { isOfSameDay } from '../event-log/row.ts';
import type { FileCache } from './file-cache.ts';
import { isEventKind, tagBytesOf } from './record-kinds.ts';
import { isEmpty, type Segment } from './segment.ts';
import { strideBytes } from './sparse-index.ts';

export interface ChunkRequest {
  /** What is asked for: events with seq in [from, upTo]. */
  readonly from: number;
  readonly upTo: number;
  /** Of rows; the first one is given even if it alone is larger. */
  readonly bytesMax: number;
  /** Whether to end where the UTC day of `received` changes, that of the memory's first row if it has rows. */
  readonly oneDay: boolean;
  /** Without, each chunk has memory of its own. */
  readonly memory?: ChunkMemory;
}

/** Ends before `upTo` at an epoch's end too. Throws Failure journalFailed if a record is not as written. */
export function readChunk(
  files: FilePort,
  cache: FileCache,
  segments: readonly Segment[],
  request: ChunkRequest,
): LogChunk {
  const start = segments.findIndex((segment) => segment.lastSeq >= request.from && !isEmpty(segment));
  const taking = new Taking(request);
  for (const segment of start < 0 ? [] : segments.slice(start)) {
    if (segment.firstSeq > request.upTo || segment.epoch !== segments[start]!.epoch) break;
    if (taking.count === 0) taking.reserve(spanOf(segments.slice(segments.indexOf(segment)), request));
    readSegment(files, cache, segment, taking);
    if (taking.isDone) break;
  }
  return taking.chunk(Math.max(request.from, segments[start]?.firstSeq ?? afterAll(segments)));
}

/** The seq behind the newest one; of a new epoch, its first. */
function afterAll(segments: readonly Segment[]): number {
  return (segments.at(-1)?.lastSeq ?? 0) + 1;
}

/** Bytes to read for the request, at most; more than `bytesMax` by what is read in vain before the first record. */
function spanOf(segments: readonly Segment[], { from, upTo, bytesMax }: ChunkRequest): number {
  const enough = bytesMax + 2 * strideBytes;
  let span = 0;
  for (const { firstSeq, bytes, index } of segments) {
    if (firstSeq > upTo || span >= enough) break;
    span += (index.ceiling(upTo) ?? bytes) - index.floor(from);
  }
  return Math.min(span, enough);
}

function readSegment(files: FilePort, cache: FileCache, segment: Segment, taking: Taking): void {
  const end = segment.index.ceiling(taking.request.upTo) ?? segment.bytes;
  let position = segment.index.floor(taking.request.from);
  while (position < end && !taking.isDone) {
    const wanted = Math.min(taking.room, end - position);
    const got = readFully(files, cache.get(segment.path), taking.buffer, taking.bytes, wanted, position);
    const before = taking.bytes;
    const passed = taking.take(got);
    position += passed.bytes;
    if (passed.isHarmed) throw damaged(segment, position);
    if (passed.bytes > 0 || taking.isDone) continue;
    if (taking.count > 0 && wanted < end - position) {
      taking.isDone = true;
      return;
    }
    const needed = got < recordHeaderBytes ? recordHeaderBytes : claimedBytes(taking.buffer, before);
    if (got < wanted || position + needed > end) throw damaged(segment, position);
    taking.reserve(needed);
  }
}

function damaged(segment: Segment, offset: number): Failure {
  return new Failure('journalFailed', `The journal file ${segment.path} is damaged at byte ${offset}`);
}

const noMemory = Buffer.alloc(0);

/** The chunk in the making: rows from `start` to `bytes` of the buffer, room for more behind them. */
class Taking {
  readonly request: ChunkRequest;
  buffer: Buffer;
  bytes: number;
  count = 0;
  isDone = false;
  readonly #start: number;
  /** Nothing is read behind it. */
  #end: number;
  #first = 0;
  #last = 0;

  constructor(request: ChunkRequest) {
    this.request = request;
    this.buffer = request.memory?.buffer ?? noMemory;
    this.#start = request.memory?.bytes ?? 0;
    this.bytes = this.#start;
    this.#end = this.#start;
  }

  get room(): number {
    return this.#end - this.bytes;
  }

  /** To be called only while nothing is taken. */
  reserve(bytes: number): void {
    this.#end = Math.max(this.#end, this.#start + bytes);
    if (this.buffer.length >= this.#end) return;
    const { memory } = this.request;
    if (memory === undefined) {
      this.buffer = Buffer.allocUnsafe(this.#end);
      return;
    }
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#end, 2 * this.buffer.length));
    this.buffer.copy(grown, 0, 0, this.#start);
    this.buffer = grown;
    memory.buffer = grown;
  }

  /** Takes what fits of the records that were read to behind the rows; gives how many bytes of them are dealt with. */
  take(readBytes: number): { bytes: number; isHarmed: boolean } {
    const start = this.bytes;
    const end = start + readBytes;
    let at = start;
    while (at < end) {
      const bytes = recordBytes(this.buffer, at, end);
      if (bytes === harmed) return { bytes: at - start, isHarmed: true };
      if (bytes <= 0) break;
      const kind = recordKind(this.buffer, at);
      const to = at + bytes - tagBytesOf(kind);
      if (isEventKind(kind) && !this.#takeRow(recordSeq(this.buffer, at), at + recordHeaderBytes, to)) break;
      at += bytes;
    }
    return { bytes: at - start, isHarmed: false };
  }

  /** False if the chunk ends before this row. */
  #takeRow(seq: number, from: number, to: number): boolean {
    const { request } = this;
    if (seq < request.from) return true;
    const fits = this.count === 0 || this.bytes - this.#start + to - from <= request.bytesMax;
    const isOtherDay = request.oneDay && this.bytes > 0 && !isOfSameDay(this.buffer, 0, from);
    if (seq > request.upTo || !fits || isOtherDay) {
      this.isDone = true;
      return false;
    }
    if (this.count === 0) this.#first = seq;
    this.#last = seq;
    this.count += 1;
    this.buffer.copyWithin(this.bytes, from, to);
    this.bytes += to - from;
    return true;
  }

  /** `next` is the first kept seq of the request or behind it. */
  chunk(next: number): LogChunk {
    const rows = this.buffer.subarray(this.#start, this.bytes);
    return this.count === 0
      ? { first: next, last: next - 1, count: 0, rows }
      : { first: this.#first, last: this.#last, count: this.count, rows };
  }
}
