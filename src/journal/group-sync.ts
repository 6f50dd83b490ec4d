/**
 * The horizon of fsync mode: fdatasync of what is committed, one at a time; what is committed while one runs gets the
 * next. A failed one is never tried again, for the kernel may have dropped what it could not write.
 */
import { Subject } from 'rxjs';
import type { Failure } from '../base/errors.ts';
import type { FilePort } from '../base/file-port.ts';
import type { Horizon } from '../event-log/log-writer.ts';

export interface GroupSyncParts {
  readonly files: FilePort;
  readonly newest: () => Newest;
  /** Set when nothing can be written any more. */
  readonly failed: () => Failure | null;
  /** Turns the error into the journal's failure, for good. */
  readonly fail: (error: unknown) => Failure;
  readonly elapsedMs: () => number;
  /** Told of each fdatasync that has covered something. */
  readonly took: (seconds: number) => void;
}

/** Where the journal ends: in this file, or in an older one that is synced. */
interface Newest extends Horizon {
  readonly path: string;
  readonly file: number;
  /** Rises with every record. */
  readonly written: number;
}

export class GroupSync implements Horizon {
  /** See LogWriter. */
  readonly moved$ = new Subject<Horizon>();
  readonly #parts: GroupSyncParts;
  #ticket: number;
  #parked: number;
  #written: number;
  #running: Promise<void> | null = null;
  /** A descriptor of its own: the kernel tells each a write error once, so `now` and a running sync both hear of it. */
  #own: { readonly path: string; readonly file: number } | null = null;

  /** All that there is now counts as synced. */
  constructor(parts: GroupSyncParts) {
    this.#parts = parts;
    const { ticket, parked, written } = parts.newest();
    this.#ticket = ticket;
    this.#parked = parked;
    this.#written = written;
  }

  get ticket(): number {
    return this.#ticket;
  }
  get parked(): number {
    return this.#parked;
  }

  /** Throws the journal's failure. */
  now(): void {
    const newest = this.#parts.newest();
    if (this.#written >= newest.written) return;
    const startedMs = this.#parts.elapsedMs();
    try {
      this.#parts.files.sync(newest.file);
    } catch (error) {
      throw this.#parts.fail(error);
    }
    this.#pass(newest, startedMs);
  }

  /** Sees to it that all that is committed is synced; `moved$` tells. */
  begin(): void {
    if (this.#running !== null) return;
    const newest = this.#parts.newest();
    if (this.#written >= newest.written) return;
    const failed = this.#parts.failed();
    if (failed !== null) {
      this.moved$.error(failed);
      return;
    }
    this.#running = this.#sync(newest);
  }

  close(): void {
    const own = this.#own;
    if (own === null) return;
    this.#own = null;
    const close = (): void => this.#parts.files.close(own.file);
    if (this.#running === null) close();
    else this.#running.then(close);
  }

  /** Never rejects. */
  async #sync(newest: Newest): Promise<void> {
    const { elapsedMs, fail } = this.#parts;
    const startedMs = elapsedMs();
    try {
      await this.#syncFile(newest.path);
    } catch (error) {
      this.#running = null;
      this.moved$.error(fail(error));
      return;
    }
    this.#running = null;
    this.#pass(newest, startedMs);
    this.moved$.next(this);
    this.begin();
  }

  async #syncFile(path: string): Promise<void> {
    await this.#parts.files.syncLater(this.#ownFile(path));
  }

  #pass({ ticket, parked, written }: Newest, startedMs: number): void {
    this.#parts.took((this.#parts.elapsedMs() - startedMs) / 1000);
    this.#ticket = Math.max(this.#ticket, ticket);
    this.#parked = Math.max(this.#parked, parked);
    this.#written = Math.max(this.#written, written);
  }

  #ownFile(path: string): number {
    if (this.#own?.path === path) return this.#own.file;
    this.close();
    this.#own = { path, file: this.#parts.files.open(path, 'read') };
    return this.#own.file;
  }
}
