/**
 * Files in memory that know what is synced: a power cut keeps that, and of all else any subset, page by page and name
 * by name. Only what fsync of a file or a directory has covered is sure; a rename is two names that stand for
 * themselves.
 */
import { basename, dirname } from 'node:path';
import type { FilePort } from '../../src/base/file-port.ts';
import { systemError } from './support.ts';

interface FileNode {
  data: Buffer;
  /** As it was at the newest sync. */
  synced: Buffer;
  /** Of `data`, and of `synced`. */
  version: number;
  syncedVersion: number;
}

interface DirectoryNode {
  readonly now: Map<string, Entry>;
  readonly synced: Map<string, Entry>;
}

type Entry = FileNode | DirectoryNode;

export interface PowerCut {
  /** Gives numbers in [0, 1), by seed. */
  readonly random: () => number;
  readonly pageBytes: number;
}

export class PowerCutDisk implements FilePort {
  /** The next writes: an error's code to throw, or a number of bytes to write at most. */
  writes: (string | number)[] = [];
  /** The next calls of these fail with the code. */
  truncateError = '';
  syncError = '';
  readonly #root: DirectoryNode;
  readonly #open = new Map<number, FileNode>();
  #next = 3;
  #syncs: (() => void)[] = [];

  constructor(folder: string) {
    const node = (): DirectoryNode => ({ now: new Map(), synced: new Map() });
    this.#root = node();
    let at = this.#root;
    for (const name of folder.split('/').filter((part) => part !== '')) {
      const child = node();
      at.now.set(name, child);
      at.synced.set(name, child);
      at = child;
    }
  }

  open(path: string, how: Parameters<FilePort['open']>[1]): number {
    const entries = this.#directory(dirname(path)).now;
    let found = entries.get(basename(path));
    if (found !== undefined && how === 'create') throw systemError('EEXIST');
    if (found === undefined) {
      if (how === 'read' || how === 'change') throw systemError('ENOENT');
      found = { data: Buffer.alloc(0), synced: Buffer.alloc(0), version: 0, syncedVersion: 0 };
      entries.set(basename(path), found);
    }
    if ('now' in found) throw systemError('EISDIR');
    if (how === 'replace') this.#change(found, Buffer.alloc(0));
    this.#next += 1;
    this.#open.set(this.#next, found);
    return this.#next;
  }

  close(file: number): void {
    this.#open.delete(file);
  }

  bytes = (file: number): number => this.#file(file).data.length;

  read(file: number, into: Buffer, at: number, length: number, position: number): number {
    return this.#file(file)
      .data.subarray(position, position + length)
      .copy(into, at);
  }

  write(file: number, from: Buffer, at: number, length: number, position: number): number {
    const now = this.writes.shift();
    if (typeof now === 'string') throw systemError(now);
    const node = this.#file(file);
    const written = Math.min(length, now ?? length);
    const data = Buffer.alloc(Math.max(node.data.length, position + written));
    node.data.copy(data);
    from.copy(data, position, at, at + written);
    this.#change(node, data);
    return written;
  }

  truncate(file: number, bytes: number): void {
    if (this.truncateError !== '') throw systemError(this.truncateError);
    const data = Buffer.alloc(bytes);
    this.#file(file).data.copy(data);
    this.#change(this.#file(file), data);
  }

  sync(file: number): void {
    if (this.syncError !== '') throw systemError(this.syncError);
    const node = this.#file(file);
    node.synced = node.data;
    node.syncedVersion = node.version;
  }

  /** Ends with `endSyncs`; covers what was written when it was called. */
  syncLater(file: number): Promise<void> {
    const node = this.#file(file);
    const { data, version } = node;
    return new Promise((resolve, reject) => {
      this.#syncs.push(() => {
        if (this.syncError !== '') return reject(systemError(this.syncError));
        if (node.syncedVersion < version) Object.assign(node, { synced: data, syncedVersion: version });
        resolve();
      });
    });
  }

  endSyncs(): void {
    for (const end of this.#syncs.splice(0)) end();
  }

  syncDirectory(path: string): void {
    const { now, synced } = this.#directory(path);
    synced.clear();
    for (const [name, entry] of now) synced.set(name, entry);
  }

  makeDirectory(path: string): void {
    let at = this.#root;
    for (const name of path.split('/').filter((part) => part !== '')) {
      const child = at.now.get(name) ?? { now: new Map(), synced: new Map() };
      if (!('now' in child)) throw systemError('ENOTDIR');
      at.now.set(name, child);
      at = child;
    }
  }

  list = (path: string): string[] => [...this.#directory(path).now.keys()];

  unlink(path: string): void {
    if (!this.#directory(dirname(path)).now.delete(basename(path))) throw systemError('ENOENT');
  }

  /** The name goes now; that it is gone is sure once `endSyncs` was called. */
  unlinkLater(path: string, directory: string): Promise<void> {
    this.unlink(path);
    return new Promise((resolve) => {
      this.#syncs.push(() => {
        this.syncDirectory(directory);
        resolve();
      });
    });
  }

  rename(from: string, to: string): void {
    const entry = this.#directory(dirname(from)).now.get(basename(from));
    if (entry === undefined) throw systemError('ENOENT');
    this.unlink(from);
    this.#directory(dirname(to)).now.set(basename(to), entry);
  }

  freeBytes = (): number => Number.MAX_SAFE_INTEGER;

  /** kill -9: descriptors are gone, all that was written stays. */
  kill(): void {
    this.#open.clear();
    this.#syncs = [];
    this.writes = [];
    this.truncateError = '';
    this.syncError = '';
  }

  powerCut(cut: PowerCut): void {
    this.kill();
    settleDirectory(this.#root, cut, new Set());
  }

  /** From now on, names that go and directories that are synced, in their order. */
  removals(): readonly ('unlink' | 'sync')[] {
    const order: ('unlink' | 'sync')[] = [];
    const { unlink, syncDirectory } = this;
    this.unlink = (path) => {
      order.push('unlink');
      unlink.call(this, path);
    };
    this.syncDirectory = (path) => {
      order.push('sync');
      syncDirectory.call(this, path);
    };
    return order;
  }

  #change(node: FileNode, data: Buffer): void {
    node.data = data;
    node.version += 1;
  }

  #file(file: number): FileNode {
    const node = this.#open.get(file);
    if (node === undefined) throw systemError('EBADF');
    return node;
  }

  #directory(path: string): DirectoryNode {
    let at = this.#root;
    for (const name of path.split('/').filter((part) => part !== '')) {
      const child = at.now.get(name);
      if (child === undefined) throw systemError('ENOENT');
      if (!('now' in child)) throw systemError('ENOTDIR');
      at = child;
    }
    return at;
  }
}

function settleDirectory(directory: DirectoryNode, cut: PowerCut, settled: Set<FileNode>): void {
  const { now, synced } = directory;
  for (const name of new Set([...now.keys(), ...synced.keys()])) {
    const survivor = now.get(name) === synced.get(name) || cut.random() < 0.5 ? now.get(name) : synced.get(name);
    if (survivor === undefined) {
      now.delete(name);
      synced.delete(name);
      continue;
    }
    now.set(name, survivor);
    synced.set(name, survivor);
    if ('now' in survivor) settleDirectory(survivor, cut, settled);
    else if (!settled.has(survivor)) {
      settled.add(survivor);
      settleFile(survivor, cut);
    }
  }
}

function settleFile(node: FileNode, { random, pageBytes }: PowerCut): void {
  const { data, synced } = node;
  const sizes = [data.length, synced.length, Math.floor(synced.length + random() * (data.length - synced.length))];
  const kept = Buffer.alloc(sizes[Math.floor(random() * 3)]!);
  for (let at = 0; at < kept.length; at += pageBytes) {
    const source = random() < 0.5 ? data : synced;
    source.subarray(at, at + pageBytes).copy(kept, at);
  }
  Object.assign(node, { data: kept, synced: kept, syncedVersion: node.version });
}
