/**
 * How much disk the journal may take: its own budget, and the part of the disk that must stay free (I9: beyond it
 * intake is refused, with a sentence).
 */
import type { FilePort } from '../base/file-port.ts';

export interface DiskBudgetOptions {
  /** The folders that the reserve is for: the journal's, and whatever else must not run out of disk. */
  readonly directories: readonly string[];
  readonly budgetBytesMax: number;
  readonly reserveFreeBytes: number;
  /** Wall clock, in ms. */
  readonly now: () => number;
}

const checkMs = 1_000;
const checkBytes = 16 * 1024 * 1024;

export class DiskBudget {
  readonly #files: FilePort;
  readonly #options: DiskBudgetOptions;
  #freeBytes = 0;
  #takenBytes = 0;
  #checkedAt = Number.NEGATIVE_INFINITY;

  constructor(files: FilePort, options: DiskBudgetOptions) {
    this.#files = files;
    this.#options = options;
  }

  /**
   * Why a record of so many bytes must not be taken by a journal that takes `journalBytes`; null if it may.
   * `waitingFor`: who must have the oldest events before they can go.
   */
  refusal(
    recordBytes: number,
    journalBytes: number,
    waitingFor: 'ClickHouse' | 'Prefect' = 'ClickHouse',
  ): string | null {
    const { budgetBytesMax, reserveFreeBytes } = this.#options;
    if (journalBytes + recordBytes > budgetBytesMax) {
      const what = waitingFor === 'Prefect' ? ' on events that are to be forwarded to Prefect' : '';
      return (
        `The journal's disk budget of ${budgetBytesMax} bytes is spent${what}; ` +
        `send again when ${waitingFor === 'Prefect' ? 'they are' : 'ClickHouse has caught up'}.`
      );
    }
    this.#check();
    if (this.#freeBytes - this.#takenBytes - recordBytes < reserveFreeBytes) {
      return (
        `The disk has less than the ${reserveFreeBytes} bytes free that are kept in reserve; ` +
        'send again when there is room.'
      );
    }
    return null;
  }

  taken(bytes: number): void {
    this.#takenBytes += bytes;
  }

  /** Something was freed, or the disk proved full: the next question looks anew. */
  forget(): void {
    this.#checkedAt = Number.NEGATIVE_INFINITY;
  }

  #check(): void {
    const now = this.#options.now();
    // A clock that was set back does not keep the old answer for long.
    const isFresh = Math.abs(now - this.#checkedAt) < checkMs && this.#takenBytes < checkBytes;
    if (isFresh) return;
    this.#checkedAt = now;
    this.#takenBytes = 0;
    this.#freeBytes = Math.min(...this.#options.directories.map((directory) => this.#ask(directory)));
  }

  /** A disk that cannot tell, or is not there yet, is not taken for full: the write itself will say so. */
  #ask(directory: string): number {
    try {
      return this.#files.freeBytes(directory);
    } catch {
      return Number.POSITIVE_INFINITY;
    }
  }
}
