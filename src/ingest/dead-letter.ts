/**
 * Events that ClickHouse refuses for their content go to `<data>/dead-letter/events.ndjson` with the reason, one a line,
 * synced before the checkpoint passes them (I1: nothing acknowledged vanishes). `sluice dead-letter` lists and replays them.
 */
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { StartRefused } from '../errors.ts';
import { type FilePort, nodeFiles, writeAll } from '../file-port.ts';

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

  function* entries(): Generator<DeadEvent> {
    const seen = new Set<number>();
    for (const { text, isWhole } of linesOf(path)) {
      if (!isWhole) return;
      const event = parse(text, path);
      if (!seen.has(event.seq)) yield event;
      seen.add(event.seq);
    }
  }

  return {
    entries,
    add(event) {
      const isNew = !existsSync(path);
      if (isNew) files.makeDirectory(folder);
      const file = files.open(path, isNew ? 'create' : 'change');
      const end = files.bytes(file);
      try {
        append(file, { ...event, at: new Date().toISOString() }, end);
        files.sync(file);
      } catch (error) {
        // Half a line would spoil the next one.
        files.truncate(file, end);
        throw error;
      } finally {
        files.close(file);
      }
      if (!isNew) return;
      files.syncDirectory(folder);
      files.syncDirectory(dataDir);
    },
    remove(fits) {
      if (!needsRewrite(path, fits)) return;
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
      files.syncDirectory(folder);
    },
  };

  /** Gives the place behind it. */
  function append(file: number, event: DeadEvent, at: number): number {
    const line = Buffer.from(lineOf(event));
    writeAll(files, file, line, line.length, at);
    return at + line.length;
  }
}

function needsRewrite(path: string, fits: (seq: number) => boolean): boolean {
  for (const { text, isWhole } of linesOf(path)) {
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
function* linesOf(path: string): Generator<Line> {
  if (!existsSync(path)) return;
  const file = openSync(path, 'r');
  try {
    let pieces: Buffer[] = [];
    let last: string | null = null;
    for (;;) {
      const chunk = Buffer.alloc(chunkBytes);
      const bytes = readSync(file, chunk, 0, chunkBytes, null);
      if (bytes === 0) break;
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0 && end < bytes; end = chunk.indexOf(10, start)) {
        pieces.push(chunk.subarray(start, end));
        if (last !== null) yield { text: last, isWhole: true };
        last = Buffer.concat(pieces).toString('utf8');
        pieces = [];
        start = end + 1;
      }
      pieces.push(chunk.subarray(start, bytes));
    }
    const rest = Buffer.concat(pieces);
    if (last !== null) yield { text: last, isWhole: rest.length > 0 || !last.includes('\0') };
    if (rest.length > 0) yield { text: rest.toString('utf8'), isWhole: false };
  } finally {
    closeSync(file);
  }
}
