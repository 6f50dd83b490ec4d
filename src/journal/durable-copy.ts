/**
 * For crash tests only: a file port that keeps, beside the data folder, what a power cut could not take: of each file
 * its bytes as of its last finished sync (`files/<inode>`), of each directory its names as of that (`names`, a JSON
 * line each). A copy is made after the sync has returned and before its caller goes on, so it never holds more than the
 * disk, and all that was promised.
 */
import { appendFileSync, closeSync, constants, ftruncateSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { FilePort } from '../base/file-port.ts';

/** The names of one directory at a sync. */
export interface NamesLine {
  readonly directory: string;
  /** Inodes by name; null for a directory. */
  readonly entries: Readonly<Record<string, string | null>>;
}

/** Names a file for its whole life: an inode's number alone is given out again. Null for a directory. */
export function inodeOf(path: string): string | null {
  const stats = statSync(path, { bigint: true });
  return stats.isDirectory() ? null : `${stats.ino}-${stats.birthtimeNs}`;
}

interface Tracked {
  readonly inode: string;
  /** What was changed since it was copied; all of it, as far as this process knows, when it is first opened. */
  from: number;
  to: number;
  version: number;
  copied: number;
}

interface Snapshot {
  readonly version: number;
  readonly at: number;
  readonly bytes: Buffer;
  readonly size: number;
}

export function withDurableCopy(inner: FilePort, folder: string): FilePort {
  const copies = new Copies(inner, folder);
  return {
    ...inner,
    open(path, how, mode) {
      const file = inner.open(path, how, mode);
      copies.track(path, file);
      if (how === 'replace') copies.change(file, 0, Number.POSITIVE_INFINITY);
      return file;
    },
    close(file) {
      copies.forget(file);
      inner.close(file);
    },
    write(file, from, at, length, position) {
      const written = inner.write(file, from, at, length, position);
      copies.change(file, position, position + written);
      return written;
    },
    truncate(file, bytes) {
      inner.truncate(file, bytes);
      copies.change(file, bytes, Number.POSITIVE_INFINITY);
    },
    sync(file) {
      const finish = copies.begin(file);
      inner.sync(file);
      finish();
    },
    async syncLater(file) {
      const finish = copies.begin(file);
      await inner.syncLater(file);
      finish();
    },
    async unlinkLater(path, directory) {
      // In two, for the names are copied as they are before the sync.
      inner.unlink(path);
      this.syncDirectory(directory);
      await Promise.resolve();
    },
    syncDirectory(path) {
      const entries = Object.fromEntries(inner.list(path).map((name) => [name, inodeOf(join(path, name))]));
      inner.syncDirectory(path);
      const line: NamesLine = { directory: path, entries };
      appendFileSync(join(folder, 'names'), `${JSON.stringify(line)}\n`);
    },
  };
}

/** What is copied of each file, whoever has it open. */
class Copies {
  readonly #inner: FilePort;
  readonly #folder: string;
  readonly #byInode = new Map<string, Tracked>();
  readonly #byFile = new Map<number, Tracked>();

  constructor(inner: FilePort, folder: string) {
    this.#inner = inner;
    this.#folder = folder;
    mkdirSync(join(folder, 'files'), { recursive: true });
  }

  track(path: string, file: number): void {
    const inode = inodeOf(path) ?? '';
    const fresh = { inode, from: 0, to: Number.POSITIVE_INFINITY, version: 1, copied: 0 };
    const tracked = this.#byInode.get(inode) ?? fresh;
    this.#byInode.set(inode, tracked);
    this.#byFile.set(file, tracked);
  }

  forget(file: number): void {
    this.#byFile.delete(file);
  }

  change(file: number, from: number, to: number): void {
    const tracked = this.#byFile.get(file)!; // every descriptor comes from `open`
    tracked.from = Math.min(tracked.from, from);
    tracked.to = Math.max(tracked.to, to);
    tracked.version += 1;
  }

  /** Looks at what a sync that begins now will cover; the copy is made when it has ended. */
  begin(file: number): () => void {
    const tracked = this.#byFile.get(file)!; // every descriptor comes from `open`
    const taken = this.#snapshot(file, tracked);
    return () => this.#copy(tracked, taken);
  }

  #snapshot(file: number, { from, to, version }: Tracked): Snapshot {
    const size = this.#inner.bytes(file);
    const bytes = Buffer.alloc(Math.max(0, Math.min(to, size) - from));
    let got = 0;
    while (got < bytes.length) {
      const read = this.#inner.read(file, bytes, got, bytes.length - got, from + got);
      if (read === 0) break;
      got += read;
    }
    return { version, at: from, bytes, size };
  }

  /** A younger copy holds all that this one does. */
  #copy(tracked: Tracked, { version, at, bytes, size }: Snapshot): void {
    if (tracked.copied >= version) return;
    const copied = openSync(join(this.#folder, 'files', tracked.inode), constants.O_RDWR | constants.O_CREAT);
    if (bytes.length > 0) writeSync(copied, bytes, 0, bytes.length, at);
    ftruncateSync(copied, size);
    closeSync(copied);
    tracked.copied = version;
    if (tracked.version === version) Object.assign(tracked, { from: Number.POSITIVE_INFINITY, to: 0 });
  }
}
