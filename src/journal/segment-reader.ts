/**
 * The journal as its readers see it: what its segments hold, from the disk or, of the newest rows, from memory.
 */
import { Failure } from '../base/errors.ts';
import type { FilePort } from '../base/file-port.ts';
import type { ChunkMemory, LogChunk, VisitId } from '../event-log/log-reader.ts';
import type { VisitMarked } from '../event-log/marked-rows.ts';
import type { VisitOwn } from '../event-log/own-events.ts';
import { FileCache } from './file-cache.ts';
import { type OwnRequest, readMarked, readOwn } from './own-rows.ts';
import { type ChunkRequest, readChunk } from './read-chunk.ts';
import { RecentRows } from './recent-rows.ts';
import { scanIds } from './scan-ids.ts';
import type { SegmentChain } from './segment-chain.ts';

export class SegmentReader {
  readonly recent: RecentRows;
  readonly #files: FilePort;
  readonly #chain: SegmentChain;
  readonly #cache: FileCache;

  /** `recentBytes`: of the newest rows, kept in memory twice over. */
  constructor(files: FilePort, chain: SegmentChain, recentBytes: number) {
    this.#files = files;
    this.#chain = chain;
    this.recent = new RecentRows(recentBytes);
    this.#cache = new FileCache(files);
    chain.onRemove = (path) => this.#cache.drop(path);
  }

  read(from: number, bytesMax: number, upTo: number, memory?: ChunkMemory): LogChunk {
    return this.#read({ from, bytesMax, upTo, oneDay: false, ...(memory && { memory }) });
  }

  readDay(from: number, bytesMax: number, upTo: number, memory: ChunkMemory): LogChunk {
    return this.#read({ from, bytesMax, upTo, oneDay: true, memory });
  }

  readOwn(request: OwnRequest, visit: VisitOwn): number {
    this.#refuseGone(request.from);
    return readOwn(this.#files, this.#cache, this.#chain.all, request, visit);
  }

  readMarked(request: OwnRequest, visit: VisitMarked): number {
    this.#refuseGone(request.from);
    return readMarked(this.#files, this.#cache, this.#chain.all, request, visit);
  }

  scanIds(visit: VisitId, after: number): void {
    for (const segment of this.#chain.all)
      if (segment.lastSeq > after) scanIds(this.#files, this.#cache.get(segment.path), segment, visit);
  }

  /** The epoch of the segment that a seq would be in; null before the first. */
  epochOf(seq: number): string | null {
    return this.#chain.all.findLast(({ firstSeq }) => firstSeq <= seq)?.epoch ?? null;
  }

  close(): void {
    this.#cache.close();
  }

  #read(request: ChunkRequest): LogChunk {
    this.#refuseGone(request.from);
    return readChunk(this.#files, this.#cache, this.#chain.all, request);
  }

  #refuseGone(from: number): void {
    const { oldest } = this.#chain;
    if (from < oldest)
      throw new Failure('pastRetention', `The journal begins at seq ${oldest}; ${from} is gone from it.`);
  }
}
