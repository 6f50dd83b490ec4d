/**
 * Events that were promised, and whose ids another gateway had brought in under another label: they are kept apart, and
 * counted.
 */
import type { Log } from '../base/log.ts';
import type { Row } from '../event-log/row.ts';

export class KeptApart {
  readonly #keepTaken: (rows: readonly Row[]) => void;
  readonly #log: Log;
  #count = 0;

  /** `keepTaken`: on the disk when it returns; throws what the disk throws. */
  constructor(keepTaken: (rows: readonly Row[]) => void, log: Log) {
    this.#keepTaken = keepTaken;
    this.#log = log;
  }

  get count(): number {
    return this.#count;
  }

  /** False where they could not be kept: they come again. */
  keep(rows: readonly Row[]): boolean {
    try {
      this.#keepTaken(rows);
    } catch (error) {
      this.#log.error({ err: error }, 'events whose ids are taken could not be kept: it is tried again');
      return false;
    }
    this.#count += rows.length;
    return true;
  }
}
