/**
 * fdatasync of what is committed, one at a time: callers that come while one runs share the next. A failed one is never
 * tried again, for the kernel may have dropped what it could not write.
 */
import type { FilePort } from '../base/file-port.ts';

export interface GroupSyncParts {
  readonly files: FilePort;
  /** The file that is written to, the newest seq that is in it or in an older, synced one, and a number that rises with every record. */
  readonly newest: () => Newest;
  /** Turns the error into the journal's failure, for good. */
  readonly fail: (error: unknown) => Error;
}

interface Newest {
  readonly path: string;
  readonly file: number;
  readonly head: number;
  readonly written: number;
}

export class GroupSync {
  readonly #parts: GroupSyncParts;
  #synced: number;
  #syncedWritten: number;
  #running: Promise<void> | null = null;
  #waiting: Promise<void> | null = null;
  /** A descriptor of its own: the kernel tells each a write error once, so `now` and a running sync both hear of it. */
  #own: { readonly path: string; readonly file: number } | null = null;

  constructor(parts: GroupSyncParts, synced: number) {
    this.#parts = parts;
    this.#synced = synced;
    this.#syncedWritten = parts.newest().written;
  }

  /** The newest seq that survives a power cut. */
  get synced(): number {
    return this.#synced;
  }

  /** Throws the journal's failure. */
  now(): void {
    const { file, head, written } = this.#parts.newest();
    if (this.#syncedWritten >= written) return;
    try {
      this.#parts.files.sync(file);
    } catch (error) {
      throw this.#parts.fail(error);
    }
    this.#synced = head;
    this.#syncedWritten = written;
  }

  /** Resolves when all that is committed at the call is synced; rejects with the journal's failure. */
  later(): Promise<void> {
    if (this.#waiting !== null) return this.#waiting;
    if (this.#running === null) return this.#start();
    this.#waiting = this.#running.then(() => {
      this.#waiting = null;
      return this.#start();
    });
    return this.#waiting;
  }

  close(): void {
    const own = this.#own;
    if (own === null) return;
    this.#own = null;
    const close = (): void => this.#parts.files.close(own.file);
    if (this.#running === null) close();
    else this.#running.then(close, close);
  }

  #start(): Promise<void> {
    const newest = this.#parts.newest();
    if (this.#syncedWritten >= newest.written) return Promise.resolve();
    this.#running = this.#sync(newest).finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #sync({ path, head, written }: Newest): Promise<void> {
    const { files, fail } = this.#parts;
    try {
      await files.syncLater(this.#ownFile(path));
    } catch (error) {
      throw fail(error);
    }
    this.#synced = Math.max(this.#synced, head);
    this.#syncedWritten = Math.max(this.#syncedWritten, written);
  }

  #ownFile(path: string): number {
    if (this.#own?.path === path) return this.#own.file;
    this.close();
    this.#own = { path, file: this.#parts.files.open(path, 'read') };
    return this.#own.file;
  }
}
