/**
 * fdatasync of what is committed, one at a time: callers that come while one runs share the next. A failed one is never
 * tried again, for the kernel may have dropped what it could not write.
 */
import type { FilePort } from './file-port.ts';

export interface GroupSyncParts {
  readonly files: FilePort;
  /** The file that is written to, and the newest seq that is in it or in an older, synced one. */
  readonly newest: () => { readonly file: number; readonly head: number };
  /** Turns the error into the journal's failure, for good. */
  readonly fail: (error: unknown) => Error;
}

export class GroupSync {
  readonly #parts: GroupSyncParts;
  #synced: number;
  #running: Promise<void> | null = null;
  #waiting: Promise<void> | null = null;

  constructor(parts: GroupSyncParts, synced: number) {
    this.#parts = parts;
    this.#synced = synced;
  }

  /** The newest seq that survives a power cut. */
  get synced(): number {
    return this.#synced;
  }

  /** Throws the journal's failure. */
  now(): void {
    const { file, head } = this.#parts.newest();
    if (this.#synced >= head) return;
    try {
      this.#parts.files.sync(file);
    } catch (error) {
      throw this.#parts.fail(error);
    }
    this.#synced = head;
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

  /** Closes a file as soon as no running sync uses it. */
  closeAfter(file: number): void {
    const close = (): void => this.#parts.files.close(file);
    if (this.#running === null) close();
    else this.#running.then(close, close);
  }

  #start(): Promise<void> {
    const { file, head } = this.#parts.newest();
    if (this.#synced >= head) return Promise.resolve();
    const ended = (): void => {
      this.#running = null;
    };
    this.#running = this.#parts.files.syncLater(file).then(
      () => {
        ended();
        this.#synced = Math.max(this.#synced, head);
      },
      (error: unknown) => {
        ended();
        throw this.#parts.fail(error);
      },
    );
    return this.#running;
  }
}
