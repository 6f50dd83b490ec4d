/**
 * Every change of Sluice's own files, behind one port: tests put disks behind it that fill up, fail, write short and
 * lose power.
 */
import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { open, unlink } from 'node:fs/promises';

export interface FilePort {
  /**
   * `create` refuses an existing file, `replace` empties it, `change` and `read` want one. With `append` each write
   * goes to the end, wherever that is by then. Gives a descriptor. A new file gets `mode`, 0640 by default.
   */
  open(path: string, how: 'create' | 'replace' | 'change' | 'read' | 'append', mode?: number): number;
  close(file: number): void;
  bytes(file: number): number;
  /** Gives the number of bytes read, 0 at the end of the file. */
  read(file: number, into: Buffer, at: number, length: number, position: number): number;
  /** Gives the number of bytes written, which may be fewer than asked for. */
  write(file: number, from: Buffer, at: number, length: number, position: number): number;
  truncate(file: number, bytes: number): void;
  /** fdatasync. */
  sync(file: number): void;
  syncLater(file: number): Promise<void>;
  syncDirectory(path: string): void;
  /** With what leads to it; a new one gets `mode`, 0777 by default, less the process's umask. */
  makeDirectory(path: string, mode?: number): void;
  /** Names in a directory. */
  list(path: string): string[];
  unlink(path: string): void;
  /** As `unlink`, and then `syncDirectory` of its directory, without waiting on the disk. */
  unlinkLater(path: string, directory: string): Promise<void>;
  rename(from: string, to: string): void;
  /** Bytes that the disk under `path` has free for us. */
  freeBytes(path: string): number;
}

const flags = { create: 'wx+', replace: 'w+', change: 'r+', read: 'r', append: 'a+' } as const;

export const nodeFiles: FilePort = {
  open: (path, how, mode = 0o640) => openSync(path, flags[how], mode),
  close: closeSync,
  bytes: (file) => fstatSync(file).size,
  read: readSync,
  write: writeSync,
  truncate: ftruncateSync,
  sync: fdatasyncSync,
  syncLater: (file) =>
    new Promise((resolve, reject) => {
      fdatasync(file, (error) => (error === null ? resolve() : reject(error)));
    }),
  syncDirectory(path) {
    const directory = openSync(path, 'r');
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
  },
  makeDirectory: (path, mode = 0o777) => void mkdirSync(path, { recursive: true, mode }),
  list: (path) => readdirSync(path),
  unlink: unlinkSync,
  async unlinkLater(path, directory) {
    await unlink(path);
    const handle = await open(directory, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  rename: renameSync,
  freeBytes(path) {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  },
};

const writeBytesMax = 1024 * 1024;

/** Writes all of it, in writes of at most 1 MB (beyond, a byte costs ten times as much), going on after a short one. */
export function writeAll(files: FilePort, file: number, from: Buffer, length: number, position: number): void {
  let at = 0;
  while (at < length) {
    const written = files.write(file, from, at, Math.min(writeBytesMax, length - at), position + at);
    if (written <= 0) throw new Error('the disk took no byte of a write');
    at += written;
  }
}

/** Reads until `length` bytes are there or the file ends; gives how many. */
export function readFully(
  files: FilePort,
  file: number,
  into: Buffer,
  at: number,
  length: number,
  position: number,
): number {
  let got = 0;
  while (got < length) {
    const read = files.read(file, into, at + got, length - got, position + got);
    if (read === 0) break;
    got += read;
  }
  return got;
}

/** Null if there is none. */
export function openIfThere(files: FilePort, path: string, how: 'read' | 'change'): number | null {
  try {
    return files.open(path, how);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Whether a file of so many bytes ends with half a line. */
export function endsTorn(files: FilePort, file: number, bytes: number): boolean {
  if (bytes === 0) return false;
  const last = Buffer.alloc(1);
  readFully(files, file, last, 0, 1, bytes - 1);
  return last[0] !== lineFeed;
}

const lineFeed = 0x0a;

/** The operating system's name for an error, such as ENOSPC; empty if it has none. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}
