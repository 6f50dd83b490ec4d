/**
 * The log as feeds read it: events in seq order from any position that trim has not passed. What was read last is kept for a
 * while, decoded, for after a restart thousands of subscribers read on from about the same position (I5).
 */
import type { StoredEvent } from '../../schemas/stored-event.ts';
import type { Journal } from '../journal/journal.ts';
import { type LoggedEvent, loggedEventsOf } from '../journal/logged-event.ts';
import type { ChunkMemory } from '../journal/read-chunk.ts';

export interface LogReader {
  readonly epoch: string;
  /** The newest seq that is in ClickHouse. */
  readonly checkpoint: number;
  /** The oldest seq that can be read. */
  readonly oldest: number;
  /**
   * Events with seq in [from, upTo], about `bytesMax` bytes of them. All up to `last` are among them: it is the last one's
   * seq. If there is none, as between two epochs, nothing up to `last` is kept: it is before the next seq, however far on that is.
   * The events are to be looked at before the next read: it may put others in their memory.
   */
  read(from: number, bytesMax: number, upTo: number): { readonly events: Iterable<StoredEvent>; readonly last: number };
}

/** Of one epoch, so that their seqs have no holes. Without events, `last` is before the next kept seq. */
interface Chunk {
  readonly first: number;
  readonly last: number;
  readonly events: readonly LoggedEvent[];
  readonly memory: ChunkMemory;
}

const chunkBytesMax = 512 * 1024;
/** Decoded by a filter that looks at all of it, a chunk takes a few times its bytes. */
const chunksMax = 8;
/** What one long event has taken is given back. */
const memoryBytesMax = 4 * chunkBytesMax;

export function logReader(journal: Pick<Journal, 'epoch' | 'checkpoint' | 'oldest' | 'read'>): LogReader {
  /** The one that was used last at the end. */
  const recent: Chunk[] = [];

  function find(seq: number): Chunk | null {
    const at = recent.findLastIndex(({ first, last }) => first <= seq && seq <= last);
    if (at < 0) return null;
    const [chunk] = recent.splice(at, 1);
    if (chunk === undefined) return null;
    recent.push(chunk);
    return chunk;
  }

  function load(from: number, upTo: number): Chunk {
    const memory = freeMemory();
    const chunk = journal.read(from, chunkBytesMax, upTo, memory);
    const decoded = { first: chunk.first, last: chunk.last, events: [...loggedEventsOf(chunk)], memory };
    if (chunk.count > 0) recent.push(decoded);
    return decoded;
  }

  /** That of the chunk that is dropped for the next: half a megabyte anew for each keeps the garbage collector at work. */
  function freeMemory(): ChunkMemory {
    const memory = recent.length < chunksMax ? undefined : recent.shift()?.memory;
    return memory === undefined || memory.buffer.length > memoryBytesMax
      ? { buffer: Buffer.alloc(0), bytes: 0 }
      : memory;
  }

  return {
    epoch: journal.epoch,
    get checkpoint() {
      return journal.checkpoint;
    },
    get oldest() {
      return journal.oldest;
    },
    read(from, bytesMax, upTo) {
      const chunk = find(from) ?? load(from, upTo);
      const start = Math.max(0, from - chunk.first);
      let end = start;
      for (let bytes = 0; end < chunk.events.length && bytes < bytesMax; end += 1) {
        const { seq, rawLength } = chunk.events[end]!; // `end` is within the events
        if (seq > upTo) break;
        bytes += rawLength;
      }
      const events = chunk.events.slice(start, end);
      return { events, last: events.at(-1)?.seq ?? chunk.last };
    },
  };
}
