/**
 * Events that were acknowledged and cannot be stored, for their ids were first stored under another forced label (I1,
 * I11): `<data>/dead-letter/id-taken.ndjson`, one a line, for people. They have no seq, and cannot be replayed: ids are
 * global. A kill may leave one of them twice.
 */
import { join } from 'node:path';
import { endsTorn, type FilePort, nodeFiles, openIfThere, readFully, writeAll } from '../base/file-port.ts';
import { formatRow, type Row } from '../event-log/row.ts';

export const reasonOfTaken = 'id taken';

export interface TakenEvent {
  /** ISO time. */
  readonly at: string;
  /** Its row, with the number under which it was parked for a seq. */
  readonly row: string;
}

export class TakenIds {
  readonly #files: FilePort;
  readonly #dataDir: string;
  readonly #folder: string;
  readonly #path: string;

  constructor(dataDir: string, files: FilePort = nodeFiles) {
    this.#files = files;
    this.#dataDir = dataDir;
    this.#folder = join(dataDir, 'dead-letter');
    this.#path = join(this.#folder, 'id-taken.ndjson');
  }

  /** On the disk when it returns. Throws the system's error. */
  add(rows: readonly Row[], at = new Date().toISOString()): void {
    const files = this.#files;
    files.makeDirectory(this.#folder);
    const file = openIfThere(files, this.#path, 'change') ?? files.open(this.#path, 'create');
    try {
      const end = files.bytes(file);
      const lines = rows.map(
        (row) => `${JSON.stringify({ version: 1, at, reason: reasonOfTaken, row: lineOf(row) })}\n`,
      );
      // Half a line of a write that failed would spoil the next one.
      const text = Buffer.from(`${endsTorn(files, file, end) ? '\n' : ''}${lines.join('')}`);
      writeAll(files, file, text, text.length, end);
      files.sync(file);
    } finally {
      files.close(file);
    }
    files.syncDirectory(this.#folder);
    files.syncDirectory(this.#dataDir);
  }

  /** Each once; half a line is passed over. */
  entries(): readonly TakenEvent[] {
    const file = openIfThere(this.#files, this.#path, 'read');
    if (file === null) return [];
    try {
      const bytes = Buffer.alloc(this.#files.bytes(file));
      readFully(this.#files, file, bytes, 0, bytes.length, 0);
      const found = new Map<string, TakenEvent>();
      for (const line of bytes.toString('utf8').split('\n')) {
        const event = parse(line);
        if (event !== null && !found.has(event.row)) found.set(event.row, event);
      }
      return [...found.values()];
    } finally {
      this.#files.close(file);
    }
  }
}

function lineOf(row: Row): string {
  return formatRow(row).slice(0, -1);
}

function parse(line: string): TakenEvent | null {
  try {
    const { version, at, row } = JSON.parse(line) as Record<string, unknown>; // each field is checked next
    return version === 1 && typeof at === 'string' && typeof row === 'string' ? { at, row } : null;
  } catch {
    return null;
  }
}
