/**
 * The log as readers of one filter share it: a stretch is read, matched and framed once for all that come by while
 * others of that filter still read, so that a hundred who catch up cost their sends and little else (I5). Windows are
 * each reader's own.
 */
import type { StoredEvent } from '../../schemas/stored-event.ts';
import type { EventReader } from './event-reader.ts';
import type { Framing } from './frames.ts';
import { KeptStretches, type StretchReaders } from './kept-stretches.ts';
import { type LogStretch, matchStretch } from './log-stretch.ts';
import { createScratch } from './scratch.ts';

/**
 * Where several read, stretches end at multiples of this, so that who began apart comes to share; where no seq was
 * given, at the next one that was.
 */
const stretchEvents = 128;

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

export type SharedLog = (key: string, fits: (event: StoredEvent) => boolean, framing: Framing) => SharedReader;

/** `key` is the same for readers of the same filter, windows apart. */
export function createSharedLog(journal: Pick<EventReader, 'read'>, chunkBytesMax: number): SharedLog {
  const groups = new Map<string, StretchReaders>();
  const kept = new KeptStretches();
  /** Of all filters. */
  let readers = 0;
  /** Of frames that nobody keeps. */
  const scratchOf = createScratch();

  return (key, fits, framing) => {
    const isShared = framing.shared !== null;
    const name = `${framing.shared} ${key}`;
    const group: StretchReaders = groups.get(name) ?? { readers: 0, stretches: new Map() };
    if (isShared) groups.set(name, group);
    group.readers += 1;
    readers += 1;
    let isReading = true;
    return {
      read(from, mark) {
        const known = group.stretches.get(from);
        if (known !== undefined && known.stretch.last <= mark) return kept.use(known);
        // With others in the log, of whatever filter, a turn is the sum of their reads: each is short then.
        const isAlone = isShared && readers === 1;
        const upTo = isAlone ? mark : Math.min(mark, Math.floor((from - 1) / stretchEvents + 1) * stretchEvents);
        const { events, last } = journal.read(from, chunkBytesMax, upTo);
        const isKept = isShared && group.readers > 1 && known === undefined;
        const stretch = matchStretch(events, Math.min(last, mark), fits, framing, isKept ? null : scratchOf);
        if (isKept) kept.keep(group, from, stretch);
        return stretch;
      },
      leave() {
        if (!isReading) return;
        isReading = false;
        group.readers -= 1;
        readers -= 1;
        if (group.readers > 0 || !isShared) return;
        groups.delete(name);
        for (const entry of [...group.stretches.values()]) kept.drop(entry);
      },
    };
  };
}
