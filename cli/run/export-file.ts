/**
 * The file of an export, and beside it, while it is not whole, `FILE.part.json`: how to go on, and up to which byte the
 * file holds. A compressed file is a row of gzip members, so that it can be cut between two of them.
 */
import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { ExportPlace } from '../../client/src/export.ts';
import { CommandError } from '../exit-codes.ts';

/** What is written at once; a member of less compresses badly. */
const writeBytes = 1024 * 1024;
const noteMs = 1_000;
const compress = promisify(gzip);

interface PartNote {
  readonly place: ExportPlace;
  readonly lines: number;
  readonly bytes: number;
}

/** Throws CommandError where the file is there already. */
export async function beginExportFile(path: string): Promise<ExportFile> {
  const size = await sizeOf(path);
  if (size !== null) {
    const way = (await sizeOf(partPath(path))) === null ? '' : 'add --resume to go on with it, or ';
    throw new CommandError(`${path} is there already: ${way}remove it, or choose another name.`);
  }
  return new ExportFile(path, await openFile(path, 'wx'), null);
}

/** Cuts the file behind its last whole line that is noted. Throws CommandError where nothing is to be gone on with. */
export async function resumeExportFile(path: string): Promise<ExportFile> {
  if ((await sizeOf(partPath(path))) === null) {
    if ((await sizeOf(path)) === null) return beginExportFile(path);
    throw new CommandError(`${path} is whole: there is no ${partPath(path)} that says where to go on.`);
  }
  const note = JSON.parse(await readFile(partPath(path), 'utf8')) as PartNote; // written by this file
  const file = await openFile(path, 'r+');
  if ((await file.stat()).size < note.bytes) {
    await file.close();
    throw new CommandError(`${path} is shorter than ${partPath(path)} says: remove both, and export anew.`);
  }
  await file.truncate(note.bytes);
  return new ExportFile(path, file, note);
}

export class ExportFile {
  readonly linesBefore: number;
  readonly #path: string;
  readonly #file: FileHandle;
  #bytes: number;
  #lines: number;
  #place: ExportPlace | null;
  #notedMs = 0;
  /** Lines that wait until they are enough for a write. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;

  constructor(path: string, file: FileHandle, note: PartNote | null) {
    this.#path = path;
    this.#file = file;
    this.#bytes = note?.bytes ?? 0;
    this.#lines = note?.lines ?? 0;
    this.#place = note?.place ?? null;
    this.linesBefore = this.#lines;
  }

  /** Where to go on; null at the beginning. */
  get place(): ExportPlace | null {
    return this.#place;
  }

  /** Whole lines, and how many they are. */
  async write(block: Buffer, lines: number, place: ExportPlace | null): Promise<void> {
    this.#lines += lines;
    this.#waiting.push(block);
    this.#waitingBytes += block.length;
    this.#place = place;
    if (this.#waitingBytes < writeBytes) return;
    await this.#writeWaiting();
    if (performance.now() - this.#notedMs >= noteMs) await this.#note();
  }

  /** The export is whole. */
  async finish(): Promise<void> {
    await this.#writeWaiting();
    await this.#file.datasync();
    await this.#file.close();
    await rm(partPath(this.#path), { force: true });
  }

  /** The export broke off: notes where to go on, and says so. */
  async leave(): Promise<ExportPlace | null> {
    await this.#writeWaiting();
    if (this.#place !== null) await this.#note();
    await this.#file.close();
    return this.#place;
  }

  async #writeWaiting(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    await this.#append(this.#path.endsWith('.gz') ? await compress(bytes) : bytes);
  }

  async #append(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, this.#bytes + at);
      at += bytesWritten;
    }
    this.#bytes += bytes.length;
  }

  /** The lines are on disk before the note that tells of them. */
  async #note(): Promise<void> {
    if (this.#place === null) return;
    this.#notedMs = performance.now();
    await this.#file.datasync();
    const note: PartNote = { place: this.#place, lines: this.#lines, bytes: this.#bytes };
    const path = partPath(this.#path);
    await writeFile(`${path}.new`, JSON.stringify(note));
    await rename(`${path}.new`, path);
  }
}

function partPath(path: string): string {
  return `${path}.part.json`;
}

async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ size }) => size,
    () => null,
  );
}

async function openFile(path: string, flags: 'wx' | 'r+'): Promise<FileHandle> {
  return open(path, flags).catch((cause: NodeJS.ErrnoException) => {
    throw new CommandError(`${path} cannot be written (${cause.code}): choose a file that you may write.`, undefined, {
      cause,
    });
  });
}
