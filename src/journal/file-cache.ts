/**
 * A few files held open for reading, the longest unused one closed first.
 */
import type { FilePort } from '../base/file-port.ts';

const filesMax = 8;

export class FileCache {
  readonly #files: FilePort;
  /** In order of use. */
  readonly #open = new Map<string, number>();

  constructor(files: FilePort) {
    this.#files = files;
  }

  /** A descriptor, valid until the next call. */
  get(path: string): number {
    const known = this.#open.get(path);
    if (known !== undefined) {
      this.#open.delete(path);
      this.#open.set(path, known);
      return known;
    }
    for (const oldest of this.#open.keys()) {
      if (this.#open.size < filesMax) break;
      this.drop(oldest);
    }
    const file = this.#files.open(path, 'read');
    this.#open.set(path, file);
    return file;
  }

  drop(path: string): void {
    const file = this.#open.get(path);
    if (file === undefined) return;
    this.#open.delete(path);
    this.#files.close(file);
  }

  close(): void {
    for (const path of [...this.#open.keys()]) this.drop(path);
  }
}
