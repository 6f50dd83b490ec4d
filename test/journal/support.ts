/**
 * For the journal's tests: a data folder of its own, events by number, and a disk that fails on demand.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../../src/base/errors.ts';
import { type FilePort, nodeFiles } from '../../src/base/file-port.ts';
import { createLog } from '../../src/base/log.ts';
import type { LogChunk } from '../../src/event-log/log-reader.ts';
import type { LogWriter } from '../../src/event-log/log-writer.ts';
import { formatRow } from '../../src/event-log/row.ts';
import type { ReceiptTexts, RowSource } from '../../src/event-log/row-source.ts';
import { type Journal, openJournal } from '../../src/journal/journal.ts';
import type { JournalOptions } from '../../src/journal/journal-options.ts';

export function withFolder<Result>(use: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-journal-'));
  let result: Result;
  try {
    result = use(folder);
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
  if (result instanceof Promise) {
    return result.finally(() => rmSync(folder, { recursive: true })) as Result; // the promise of the same value
  }
  rmSync(folder, { recursive: true });
  return result;
}

export const clockStart = Date.UTC(2026, 10, 22, 12);

export function open(
  directory: string,
  options: Partial<JournalOptions> = {},
  files: FilePort = nodeFiles,
  now: () => number = () => clockStart,
  bootId: string | null = 'boot 1',
  elapsedMs: () => number = () => 0,
): Journal {
  return openJournal(
    {
      directory,
      segmentBytesMax: 64 * 1024 * 1024,
      budgetBytesMax: 1024 * 1024 * 1024,
      reserveFreeBytes: 0,
      keepBytesPastCheckpoint: 0,
      keepMsPastCheckpoint: 0,
      durability: 'process',
      checkpoint: null,
      log: createLog('silent'),
      ...options,
    },
    { files, now, bootId, elapsedMs },
  );
}

export interface Sent {
  readonly id: string;
  readonly received: string;
  readonly occurred: string;
  readonly search: string;
  readonly raw: string;
}

/** Event number n, with `padding` more characters in its payload; on day `day` of the month. */
export function sent(number: number, padding = 0, day = 1): Sent {
  const id = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
  const date = `2026-01-${String(day).padStart(2, '0')}`;
  const head = `{"occurred":"${date}T00:00:00Z","event":"é${number}","resource":{"prefect.resource.id":"r"},"related":[]`;
  return {
    id,
    received: `${date} 00:00:00.000001`,
    occurred: `${date} 00:00:00.000000`,
    search: `é${number}\u001f`,
    raw: `${head},"payload":{"n":"${'€'.repeat(padding)}"},"id":"${id}","follows":null,"received":"${date}T00:00:00.000001Z"}`,
  };
}

export function append(journal: Journal, event: Sent): number {
  const head = Buffer.byteLength(event.raw.slice(0, event.raw.indexOf(',"payload"')));
  return journal.append(rowOf({ ...event, head }), noReceipt, tagOf(event));
}

/** Every third one was stored under a forced label. */
export function tagOf({ id }: Pick<Sent, 'id'>): number {
  const number = Number(id.slice(-12));
  return number % 3 === 2 ? number : 0;
}

/** A row of texts that say their own time of receipt. */
export function rowOf(row: Sent & { readonly head: number }): RowSource {
  return {
    rowBytesMax: 400 + 3 * (row.search.length + row.raw.length),
    writeRow: (into, at, seq) => at + into.write(formatRow({ seq, ...row }), at),
  };
}

export const noReceipt: ReceiptTexts = { received: '', column: '' };

/** Appends so many events, and commits them as one group. */
export function put(journal: Journal, count: number, padding = 0): void {
  for (let number = 0; number < count; number += 1) append(journal, sent(number, padding));
  journal.commit();
}

/** Resolves when the horizon has passed all that is committed. */
export async function kept({ committed, horizon }: LogWriter): Promise<void> {
  while (horizon.ticket < committed.ticket || horizon.parked < committed.parked) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** The name of the failure that it throws. */
export function failureOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof Failure ? error.failure : String(error);
  }
  return 'none';
}

/** A batch as the table writer gets it: from memory, or else from the disk. */
export function readDay(journal: Journal, from: number, bytesMax: number, upTo: number): LogChunk {
  const memory = { buffer: Buffer.alloc(0), bytes: 0 };
  return journal.recentDay(from, bytesMax, upTo) ?? journal.readDay(from, bytesMax, upTo, memory);
}

/** All that can be read, in chunks of about so many bytes: the raws by seq. */
export function readAll(journal: Journal, bytesMax = 700): Map<number, string> {
  const found = new Map<number, string>();
  let from = journal.oldest;
  for (;;) {
    const chunk = journal.read(from, bytesMax, journal.head);
    if (chunk.count === 0) return found;
    for (const line of chunk.rows.toString('utf8').trimEnd().split('\n')) {
      found.set(Number(line.slice(0, line.indexOf('\t'))), line.slice(line.lastIndexOf('\t') + 1));
    }
    from = chunk.last + 1;
  }
}

export function segmentFiles(folder: string): string[] {
  const directory = join(folder, 'journal');
  return readdirSync(directory)
    .filter((name) => name.endsWith('.seg'))
    .sort()
    .map((name) => join(directory, name));
}

/** An error as the operating system gives it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

/**
 * Real files whose next calls fail on demand; `kill` leaves them as they are and frees the descriptors, which are
 * numbers of its own: what is under way then finds no other file. Nothing is really synced: a kill takes no page cache.
 */
export class Disk implements FilePort {
  /** The next writes: an error's code to throw, or a number of bytes to write at most. */
  writes: (string | number)[] = [];
  /** The next calls of these fail with the code. */
  truncateError = '';
  syncError = '';
  unlinkError = '';
  free = Number.MAX_SAFE_INTEGER;
  readonly counts = { sync: 0, syncLater: 0, freeBytes: 0 };
  /** The system's descriptors. */
  readonly #open = new Map<number, number>();
  #next = 1_000_000;

  open(...given: Parameters<FilePort['open']>): number {
    this.#next += 1;
    this.#open.set(this.#next, nodeFiles.open(...given));
    return this.#next;
  }
  close(file: number): void {
    const found = this.#open.get(file);
    this.#open.delete(file);
    if (found !== undefined) nodeFiles.close(found);
  }
  kill(): void {
    for (const file of [...this.#open.keys()]) this.close(file);
  }
  bytes(file: number): number {
    return nodeFiles.bytes(this.#file(file));
  }
  read(file: number, into: Buffer, at: number, length: number, position: number): number {
    return nodeFiles.read(this.#file(file), into, at, length, position);
  }
  write(file: number, from: Buffer, at: number, length: number, position: number): number {
    const now = this.writes.shift();
    if (typeof now === 'string') throw systemError(now);
    return nodeFiles.write(this.#file(file), from, at, Math.min(length, now ?? length), position);
  }
  truncate(file: number, bytes: number): void {
    if (this.truncateError !== '') throw systemError(this.truncateError);
    nodeFiles.truncate(this.#file(file), bytes);
  }
  sync(file: number): void {
    this.counts.sync += 1;
    if (this.syncError !== '') throw systemError(this.syncError);
    this.#file(file);
  }
  async syncLater(file: number): Promise<void> {
    this.counts.syncLater += 1;
    if (this.syncError !== '') throw systemError(this.syncError);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    this.#file(file);
  }
  unlink(path: string): void {
    if (this.unlinkError !== '') throw systemError(this.unlinkError);
    nodeFiles.unlink(path);
  }
  async unlinkLater(path: string): Promise<void> {
    if (this.unlinkError !== '') throw systemError(this.unlinkError);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    nodeFiles.unlink(path);
  }
  freeBytes(_path: string): number {
    this.counts.freeBytes += 1;
    return this.free;
  }
  syncDirectory = (): void => undefined;
  makeDirectory = nodeFiles.makeDirectory;
  list = nodeFiles.list;
  rename = nodeFiles.rename;

  #file(file: number): number {
    const found = this.#open.get(file);
    if (found === undefined) throw systemError('EBADF');
    return found;
  }
}
