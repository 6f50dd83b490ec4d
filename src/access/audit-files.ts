/**
 * The files of one kind of audit line: `audit/<kind>-<number>.ndjson`, mode 0600. Lines are only appended, and files
 * never renamed; the oldest file goes where there is one too many. Several processes may write at once: each line is
 * one write at the end, wherever that is by then.
 */
import { join } from 'node:path';
import { codeOf, endsTorn, type FilePort, writeAll } from '../base/file-port.ts';

export interface AuditFilesOptions {
  readonly kind: string;
  /** A file ends before the line that would make it larger. */
  readonly fileBytesMax: number;
  readonly filesMax: number;
}

interface OpenFile {
  readonly number: number;
  readonly file: number;
}

export class AuditFiles {
  readonly #files: FilePort;
  readonly #folder: string;
  readonly #options: AuditFilesOptions;
  #open: OpenFile | null = null;

  constructor(files: FilePort, folder: string, options: AuditFilesOptions) {
    this.#files = files;
    this.#folder = folder;
    this.#options = options;
  }

  /** Throws what the system says; the next call goes on behind what was written of the line. */
  append(line: string, { sync }: { readonly sync: boolean }): void {
    // Behind half a line it begins with a line feed of its own.
    const { file } = this.#fileFor(Buffer.byteLength(line) + 2);
    const end = this.#files.bytes(file);
    const bytes = Buffer.from(`${endsTorn(this.#files, file, end) ? '\n' : ''}${line}\n`);
    writeAll(this.#files, file, bytes, bytes.length, end);
    if (sync) this.#files.sync(file);
  }

  close(): void {
    if (this.#open !== null) this.#files.close(this.#open.file);
    this.#open = null;
  }

  /** The newest file; a new one if that is full, or the one that another process began meanwhile. */
  #fileFor(bytes: number): OpenFile {
    const { fileBytesMax } = this.#options;
    this.#open ??= this.#openAt(this.#numbers().at(-1) ?? 1);
    for (;;) {
      const taken = this.#files.bytes(this.#open.file);
      if (taken === 0 || taken + bytes <= fileBytesMax) return this.#open;
      const next = Math.max(this.#open.number + 1, this.#numbers().at(-1) ?? 1);
      this.close();
      this.#open = this.#openAt(next);
      this.#dropOldest();
    }
  }

  #openAt(number: number): OpenFile {
    this.#makeFolder();
    const file = this.#files.open(join(this.#folder, nameOf(this.#options.kind, number)), 'append', 0o600);
    return { number, file };
  }

  #dropOldest(): void {
    const numbers = this.#numbers();
    for (const number of numbers.slice(0, Math.max(0, numbers.length - this.#options.filesMax))) {
      try {
        this.#files.unlink(join(this.#folder, nameOf(this.#options.kind, number)));
      } catch (error) {
        // Another process was quicker.
        if (codeOf(error) !== 'ENOENT') throw error;
      }
    }
  }

  /** Of the files that there are, rising. */
  #numbers(): number[] {
    this.#makeFolder();
    const form = new RegExp(`^${this.#options.kind}-(\\d{8,})\\.ndjson$`);
    const found = this.#files.list(this.#folder).map((name) => Number(form.exec(name)?.[1] ?? Number.NaN));
    return found.filter((number) => !Number.isNaN(number)).sort((one, other) => one - other);
  }

  #makeFolder(): void {
    this.#files.makeDirectory(this.#folder, 0o700);
  }
}

function nameOf(kind: string, number: number): string {
  return `${kind}-${String(number).padStart(8, '0')}.ndjson`;
}
