/**
 * The log as feeds read it: events in seq order from any position that trim has not passed. What was read last is kept
 * for a while, the newest of it decoded, for after a restart thousands of subscribers read on from about the same
 * position (I5).
 */
import type { StoredEvent } from '../../schemas/stored-event.ts';
import type { ChunkMemory, LogReader } from '../event-log/log-reader.ts';
import { LoggedEvent, rowStarts } from '../event-log/logged-event.ts';

export interface EventReader {
  readonly epoch: string;
  /** The newest seq that is in ClickHouse. */
  readonly checkpoint: number;
  /** The oldest seq that can be read. */
  readonly oldest: number;
  /**
   * Events with seq in [from, upTo], about `bytesMax` bytes of them. All up to `last` are among them: it is the last
   * one's seq. If there is none, as between two epochs, nothing up to `last` is kept: it is before the next seq,
   * however far on that is. The events are to be looked at before the next read: it may put others in their memory.
   */
  read(from: number, bytesMax: number, upTo: number): { readonly events: Iterable<StoredEvent>; readonly last: number };
}

/** Of one epoch, so that their seqs have no holes. Without rows, `last` is before the next kept seq. */
interface Chunk {
  readonly first: number;
  readonly last: number;
  readonly rows: Buffer;
  /** Where each row begins, and the end of the last one. */
  readonly starts: readonly number[];
  /** Those that were asked for since the chunk is among the `decodedMax` used last. */
  events: (LoggedEvent | undefined)[];
  readonly memory: ChunkMemory;
}

const chunkBytesMax = 512 * 1024;
const chunksMax = 8;
/** What is decoded is many small objects: kept longer, they are most of what a collection of garbage has to move. */
const decodedMax = 2;
/** What one long event has taken is given back. */
const memoryBytesMax = 4 * chunkBytesMax;

export function eventReader(journal: Pick<LogReader, 'epoch' | 'checkpoint' | 'oldest' | 'read'>): EventReader {
  /** The one that was used last at the end. */
  const recent: Chunk[] = [];

  function find(seq: number): Chunk | null {
    const at = recent.findLastIndex(({ first, last }) => first <= seq && seq <= last);
    if (at < 0) return null;
    const [chunk] = recent.splice(at, 1);
    if (chunk === undefined) return null;
    use(chunk);
    return chunk;
  }

  function load(from: number, upTo: number): Chunk {
    const memory = freeMemory();
    const { first, last, count, rows } = journal.read(from, chunkBytesMax, upTo, memory);
    const starts = rowStarts(rows);
    const chunk = { first, last, rows, starts, events: undecoded(starts.length - 1), memory };
    if (count > 0) use(chunk);
    return chunk;
  }

  function use(chunk: Chunk): void {
    recent.push(chunk);
    const older = recent.at(-1 - decodedMax);
    if (older !== undefined) older.events = undecoded(older.events.length);
  }

  /**
   * That of the chunk that is dropped for the next: half a megabyte anew for each keeps the garbage collector at work.
   */
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
      const events: LoggedEvent[] = [];
      const count = chunk.starts.length - 1;
      for (let at = Math.max(0, from - chunk.first), bytes = 0; at < count && bytes < bytesMax; at += 1) {
        if (chunk.first + at > upTo) break;
        const event = eventAt(chunk, at);
        events.push(event);
        bytes += event.rawLength;
      }
      return { events, last: events.at(-1)?.seq ?? chunk.last };
    },
  };
}

function undecoded(count: number): Chunk['events'] {
  return new Array<LoggedEvent | undefined>(count);
}

function eventAt({ rows, starts, events }: Chunk, at: number): LoggedEvent {
  const known = events[at];
  if (known !== undefined) return known;
  const event = new LoggedEvent(rows, starts[at]!, starts[at + 1]! - 1);
  events[at] = event;
  return event;
}
