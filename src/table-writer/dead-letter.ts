/**
 * Events that ClickHouse refuses for their content go to `<data>/dead-letter/events.ndjson` with the reason, one a
 * line, synced before the checkpoint passes them (I1: nothing acknowledged vanishes). `sluice dead-letter` lists and
 * replays them.
 */
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { StartRefused } from '../base/errors.ts';
import { type FilePort, nodeFiles, openIfThere, readFully, writeAll } from '../base/file-port.ts';
import type { DeadEvent, DeadLetter } from './ports.ts';

/** After so much of the file the rest of the process has its turn. */
const sliceCharacters = 512 * 1024;

export function deadLetterPath(dataDir: string): string {
  return join(dataDir, 'dead-letter', 'events.ndjson');
}

export function openDeadLetter(dataDir: string, files: FilePort = nodeFiles): DeadLetter {
  return new DeadLetterFile(dataDir, files);
}

class DeadLetterFile implements DeadLetter {
  readonly #files: FilePort;
  readonly #dataDir: string;
  readonly #folder: string;
  readonly #path: string;
  /** Whether the names of file and folder are known to be on the disk. */
  #isNamed = false;
  /** Where half a line begins that could be neither finished nor cut. */
  #torn: number | null = null;

  constructor(dataDir: string, files: FilePort) {
    this.#files = files;
    this.#dataDir = dataDir;
    this.#folder = join(dataDir, 'dead-letter');
    this.#path = deadLetterPath(dataDir);
  }

  entries(): AsyncGenerator<DeadEvent> {
    return inTurns(this.#entries(), ({ row }) => row.length);
  }

  async add(event: Omit<DeadEvent, 'at'>): Promise<void> {
    const files = this.#files;
    files.makeDirectory(this.#folder);
    const file = openIfThere(files, this.#path, 'change') ?? files.open(this.#path, 'create');
    try {
      const end = this.#torn ?? files.bytes(file);
      // Half a line would spoil the next one.
      if (this.#torn !== null) files.truncate(file, end);
      this.#torn = end;
      this.#append(file, { ...event, at: new Date().toISOString() }, end);
      files.sync(file);
      this.#torn = null;
    } catch (error) {
      this.#cutTorn(file);
      throw error;
    } finally {
      files.close(file);
    }
    if (this.#isNamed) return;
    files.syncDirectory(this.#folder);
    files.syncDirectory(this.#dataDir);
    this.#isNamed = true;
  }

  /** Takes out an unfinished line at the end, too; the file is replaced as a whole, or left if none fits. */
  async remove(fits: (seq: number) => boolean): Promise<void> {
    const files = this.#files;
    if (!(await needsRewrite(files, this.#path, fits))) return;
    const draft = `${this.#path}.new`;
    const file = files.open(draft, 'replace');
    let end = 0;
    try {
      for await (const event of this.entries()) if (!fits(event.seq)) end = this.#append(file, event, end);
      files.sync(file);
    } finally {
      files.close(file);
    }
    files.rename(draft, this.#path);
    this.#torn = null;
    files.syncDirectory(this.#folder);
  }

  *#entries(): Generator<DeadEvent> {
    const seen = new Set<number>();
    for (const { text, isWhole } of linesOf(this.#files, this.#path)) {
      if (!isWhole) return;
      const event = parse(text, this.#path);
      if (!seen.has(event.seq)) yield event;
      seen.add(event.seq);
    }
  }

  /** What cannot be cut now is cut before the next line. */
  #cutTorn(file: number): void {
    if (this.#torn === null) return;
    try {
      this.#files.truncate(file, this.#torn);
      this.#torn = null;
    } catch {
      // The error that led here is told.
    }
  }

  /** Gives the place behind it. */
  #append(file: number, event: DeadEvent, at: number): number {
    const line = Buffer.from(lineOf(event));
    writeAll(this.#files, file, line, line.length, at);
    return at + line.length;
  }
}

async function needsRewrite(files: FilePort, path: string, fits: (seq: number) => boolean): Promise<boolean> {
  for await (const { text, isWhole } of inTurns(linesOf(files, path), ({ text }) => text.length)) {
    if (!isWhole || fits(parse(text, path).seq)) return true;
  }
  return false;
}

/** The same items, with turns for others between them. */
async function* inTurns<Item>(items: Iterable<Item>, lengthOf: (item: Item) => number): AsyncGenerator<Item> {
  let characters = 0;
  for (const item of items) {
    yield item;
    characters += lengthOf(item);
    if (characters < sliceCharacters) continue;
    characters = 0;
    await nextTurn();
  }
}

function lineOf({ seq, epoch, at, reason, row }: DeadEvent): string {
  return `${JSON.stringify({ version: 2, seq, epoch, at, reason, row })}\n`;
}

function parse(text: string, path: string): DeadEvent {
  try {
    const { version, seq, epoch = null, at, reason, row } = JSON.parse(text) as Record<string, unknown>; // checked next
    const isKnown = version === 1 || (version === 2 && (typeof epoch === 'string' || epoch === null));
    const isText = typeof at === 'string' && typeof reason === 'string' && typeof row === 'string';
    if (isKnown && isText && Number.isSafeInteger(seq)) {
      return { seq: seq as number, epoch: epoch as string | null, at, reason, row }; // both were checked just now
    }
  } catch {
    // Told below.
  }
  throw new StartRefused(
    `A line of the dead letter ${path} is damaged or was written by a newer Sluice: ${text.slice(0, 80)}. ` +
      'Restore the file from a copy of the data folder.',
  );
}

interface Line {
  readonly text: string;
  /**
   * False for one without its line feed, or a last one with a hole of zeros, which JSON never holds: a kill or a power
   * cut came before its sync, and its event is still in the journal.
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
