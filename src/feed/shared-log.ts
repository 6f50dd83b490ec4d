/**
 * The log as readers of one filter share it: a stretch is read, matched and framed once for all that come by while
 * others of that filter still read, so that a hundred who catch up cost their sends and little else (I5). Windows are
 * each reader's own.
 */
import { timeKey } from '../../schemas/event.ts';
import type { Filter } from '../../schemas/filter.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import type { EventReader } from './event-reader.ts';
import { framesOf } from './frame-bytes.ts';
import { type Framing, frameText } from './frames.ts';
import { createScratch } from './scratch.ts';

/**
 * Where several read, stretches end at multiples of this, so that who began apart comes to share; where no seq was
 * given, at the next one that was.
 */
const stretchEvents = 128;
/**
 * Kept for all filters together; beyond it the longest unused stretch goes. Who shares is rarely thousands of events
 * apart.
 */
const keptBytesMax = 8 * 1024 * 1024;
/** Of a match in memory, beside its frame's text. */
const matchBytes = 400;

export interface LogMatch {
  readonly seq: number;
  /** Good for as long as the frame; few ask for it. */
  readonly id: () => string;
  /** `timeKey` of `occurred`. */
  readonly occurred: string;
  readonly frame: string | Uint8Array;
}

export interface LogStretch {
  readonly matches: readonly LogMatch[];
  /** All up to here is in it. */
  readonly last: number;
  /** In memory, about. */
  readonly bytes: number;
  /** The least and the greatest `occurred` among the matches. */
  readonly from: string;
  readonly to: string;
}

/** One subscriber's way through the log. */
export interface SharedReader {
  /**
   * The matches behind a position up to the mark, or some of them: at least one stretch's. Their frames are to be
   * written, and their ids asked for, before the next read, of whichever reader. Throws as the log does.
   */
  read(from: number, mark: number): LogStretch;
  /** To be called when it reads no more. */
  leave(): void;
}

interface Group {
  readers: number;
  readonly stretches: Map<number, Kept>;
}

interface Kept {
  readonly stretch: LogStretch;
  /**
   * Readers that are yet to come by, as far as can be told: then it goes, while it is young and costs the collector
   * nothing.
   */
  awaited: number;
  forget(): void;
}

export type SharedLog = (key: string, fits: (event: StoredEvent) => boolean, framing: Framing) => SharedReader;

/** `key` is the same for readers of the same filter, windows apart. */
export function createSharedLog(journal: Pick<EventReader, 'read'>, chunkBytesMax: number): SharedLog {
  const groups = new Map<string, Group>();
  /** In order of use. */
  const kept = new Set<Kept>();
  let keptBytes = 0;
  /** Of all filters. */
  let readers = 0;
  /** Of frames that nobody keeps. */
  const scratchOf = createScratch();

  function drop(entry: Kept): void {
    if (!kept.delete(entry)) return;
    keptBytes -= entry.stretch.bytes;
    entry.forget();
  }

  function keep({ stretches, readers }: Group, from: number, stretch: LogStretch): void {
    const entry: Kept = { stretch, awaited: readers - 1, forget: () => stretches.delete(from) };
    stretches.set(from, entry);
    kept.add(entry);
    keptBytes += stretch.bytes;
    for (const oldest of kept) {
      if (keptBytes <= keptBytesMax) break;
      drop(oldest);
    }
  }

  function use(entry: Kept): LogStretch {
    entry.awaited -= 1;
    if (entry.awaited <= 0) drop(entry);
    // To the end of the order of use.
    else if (kept.delete(entry)) kept.add(entry);
    return entry.stretch;
  }

  return (key, fits, framing) => {
    const isShared = framing.shared !== null;
    const name = `${framing.shared} ${key}`;
    const group = groups.get(name) ?? { readers: 0, stretches: new Map<number, Kept>() };
    if (isShared) groups.set(name, group);
    group.readers += 1;
    readers += 1;
    let isReading = true;
    return {
      read(from, mark) {
        const known = group.stretches.get(from);
        if (known !== undefined && known.stretch.last <= mark) return use(known);
        // With others in the log, of whatever filter, a turn is the sum of their reads: each is short then.
        const isAlone = isShared && readers === 1;
        const upTo = isAlone ? mark : Math.min(mark, Math.floor((from - 1) / stretchEvents + 1) * stretchEvents);
        const { events, last } = journal.read(from, chunkBytesMax, upTo);
        const isKept = isShared && group.readers > 1 && known === undefined;
        const stretch = match(events, Math.min(last, mark), fits, framing, isKept ? null : scratchOf);
        if (isKept) keep(group, from, stretch);
        return stretch;
      },
      leave() {
        if (!isReading) return;
        isReading = false;
        group.readers -= 1;
        readers -= 1;
        if (group.readers > 0 || !isShared) return;
        groups.delete(name);
        for (const entry of [...group.stretches.values()]) drop(entry);
      },
    };
  };
}

/** Without scratch memory it is to be kept, and depends on nothing that the next read overwrites. */
function match(
  events: Iterable<StoredEvent>,
  last: number,
  fits: (event: StoredEvent) => boolean,
  framing: Framing,
  scratchOf: ((bytes: number) => Buffer) | null,
): LogStretch {
  const found: StoredEvent[] = [];
  for (const event of events) if (fits(event)) found.push(event);
  const frames =
    framing.shared === null
      ? found.map(({ raw, seq }) => frameText(framing, raw, seq))
      : framesOf(found, framing, scratchOf ?? Buffer.allocUnsafeSlow);
  let bytes = 0;
  let from = '';
  let to = '';
  const matches = found.map(({ seq, body }, at) => {
    const occurred = timeKey(body.occurred);
    const frame = frames[at] ?? '';
    bytes += frame.length + matchBytes;
    if (from === '' || occurred < from) from = occurred;
    if (occurred > to) to = occurred;
    return { seq, id: scratchOf === null ? constant(body.id) : () => body.id, occurred, frame };
  });
  return { matches, last, bytes, from, to };
}

function constant(text: string): () => string {
  return () => text;
}

/** Whether all matches of a stretch lie in a window. */
export function liesInside({ from, to }: LogStretch, { since, until }: Filter['occurred']): boolean {
  return from >= timeKey(since) && (until === null || to <= timeKey(until));
}

export function isInside({ occurred }: LogMatch, { since, until }: Filter['occurred']): boolean {
  return occurred >= timeKey(since) && (until === null || occurred <= timeKey(until));
}
