/**
 * Events that ClickHouse refuses for their content go to `<data>/dead-letter/events.ndjson` with the reason, one a line,
 * synced before the checkpoint passes them (I1: nothing acknowledged vanishes). `sluice dead-letter` lists and replays them.
 */
import { join } from 'node:path';
import { StartRefused } from '../base/errors.ts';
import { codeOf, type FilePort, nodeFiles, readFully, writeAll } from '../base/file-port.ts';

export interface DeadEvent {
  readonly seq: number;
  /** Its journal's epoch; null in a line of version 1. */
  readonly epoch: string | null;
  /** ISO time. */
  readonly at: string;
  readonly reason: string;
  /** Its journal row, without the line feed. */
  readonly row: string;
}

export interface DeadLetter {
  /** Appends one event. */
  add(event: Omit<DeadEvent, 'at'>): void;
  /** The events in the order in which they came, each once. Throws StartRefused for a line that is not as written. */
  entries(): Iterable<DeadEvent>;
  /** Takes out the events that fit, and an unfinished line at the end; the file is replaced as a whole, or left if none fits. */
  remove(fits: (seq: number) => boolean): void;
}

export function deadLetterPath(dataDir: string): string {
  return join(dataDir, 'dead-letter', 'events.ndjson');
}

export function openDeadLetter(dataDir: string, files: FilePort = nodeFiles): DeadLetter {
  const path = deadLetterPath(dataDir);
  const folder = join(dataDir, 'dead-letter');
  /** Whether the names of file and folder are known to be on the disk. */
  let isNamed = false;
  /** Where half a line begins that could be neither finished nor cut. */
  let torn: number | null = null;

  function* entries(): Generator<DeadEvent> {
    const seen = new Set<number>();
    for (const { text, isWhole } of linesOf(files, path)) {
      if (!isWhole) return;
      const event = parse(text, path);
      if (!seen.has(event.seq)) yield event;
      seen.add(event.seq);
    }
  }

  return {
    entries,
    add(event) {
      files.makeDirectory(folder);
      const file = openIfThere(files, path, 'change') ?? files.open(path, 'create');
      try {
        const end = torn ?? files.bytes(file);
        // Half a line would spoil the next one.
        if (torn !== null) files.truncate(file, end);
        torn = end;
        append(file, { ...event, at: new Date().toISOString() }, end);
        files.sync(file);
        torn = null;
      } catch (error) {
        cutTorn(file);
        throw error;
      } finally {
        files.close(file);
      }
      if (isNamed) return;
      files.syncDirectory(folder);
      files.syncDirectory(dataDir);
      isNamed = true;
    },
    remove(fits) {
      if (!needsRewrite(files, path, fits)) return;
      const draft = `${path}.new`;
      const file = files.open(draft, 'replace');
      let end = 0;
      try {
        for (const event of entries()) if (!fits(event.seq)) end = append(file, event, end);
        files.sync(file);
      } finally {
        files.close(file);
      }
      files.rename(draft, path);
      torn = null;
      files.syncDirectory(folder);
    },
  };

  /** What cannot be cut now is cut before the next line. */
  function cutTorn(file: number): void {
    if (torn === null) return;
    try {
      files.truncate(file, torn);
      torn = null;
    } catch {
      // The error that led here is told.
    }
  }

  /** Gives the place behind it. */
  function append(file: number, event: DeadEvent, at: number): number {
    const line = Buffer.from(lineOf(event));
    writeAll(files, file, line, line.length, at);
    return at + line.length;
  }
}

function needsRewrite(files: FilePort, path: string, fits: (seq: number) => boolean): boolean {
  for (const { text, isWhole } of linesOf(files, path)) {
    if (!isWhole || fits(parse(text, path).seq)) return true;
  }
  return false;
}

function lineOf({ seq, epoch, at, reason, row }: DeadEvent): string {
  return `${JSON.stringify({ version: 2, seq, epoch, at, reason, row })}\n`;
}

function parse(text: string, path: string): DeadEvent {
  try {
    const { version, seq, epoch = null, at, reason, row } = JSON.parse(text) as Record<string, unknown>; // each field is checked next
    const isKnown = version === 1 || (version === 2 && (typeof epoch === 'string' || epoch === null));
    const isText = typeof at === 'string' && typeof reason === 'string' && typeof row === 'string';
    if (isKnown && isText && Number.isSafeInteger(seq)) {
      return { seq: seq as number, epoch: epoch as string | null, at, reason, row }; // both were checked just now
    }
  } catch {
    // Told below.
  }
  throw new StartRefused(
    `A line of the dead letter ${path} is damaged or was written by a newer Sluice: ${text.slice(0, 80)}. Restore the file from a copy of the data folder.`,
  );
}

interface Line {
  readonly text: string;
  /**
   * False for one without its line feed, or a last one with a hole of zeros, which JSON never holds: a kill or a power cut came
   * before its sync, and its event is still in the journal.
   */
  readonly isWhole: boolean;
}

const chunkBytes = 1024 * 1024;

/** Holds two lines at a time: the file may be larger than memory. */
function* linesOf(files: FilePort, path: string): Generator<Line> {
  const file = openIfThere(files, path, 'read');
  if (file === null) return;
  try {
    let pieces: Buffer[] = [];
    let last: string | null = null;
    const size = files.bytes(file);
    for (let at = 0; at < size; at += chunkBytes) {
      const space = Buffer.alloc(Math.min(chunkBytes, size - at));
      const chunk = space.subarray(0, readFully(files, file, space, 0, space.length, at));
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        pieces.push(chunk.subarray(start, end));
        if (last !== null) yield { text: last, isWhole: true };
        last = Buffer.concat(pieces).toString('utf8');
        pieces = [];
        start = end + 1;
      }
      pieces.push(chunk.subarray(start));
    }
    const rest = Buffer.concat(pieces);
    if (last !== null) yield { text: last, isWhole: rest.length > 0 || !last.includes('\0') };
    if (rest.length > 0) yield { text: rest.toString('utf8'), isWhole: false };
  } finally {
    files.close(file);
  }
}

function openIfThere(files: FilePort, path: string, how: 'read' | 'change'): number | null {
  try {
    return files.open(path, how);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
