/**
 * A log in memory that fails on command: what intake needs of the journal, and nothing of its files.
 */
import { Failure } from '../../src/errors.ts';
import type { EventLog } from '../../src/ingest/group.ts';

export interface FakeRow {
  readonly seq: number;
  readonly id: string;
  readonly received: string;
  readonly occurred: string;
  readonly head: number;
  readonly search: string;
  readonly raw: string;
}

export class FakeLog implements EventLog {
  readonly rows: FakeRow[] = [];
  failed: Failure | null = null;
  /** The next commit writes only so many of the waiting rows, and fails. */
  commitFailsAfter: number | null = null;
  /** Appended rows beyond this seq do not fit. */
  roomUpTo = Number.POSITIVE_INFINITY;
  syncFails = false;
  #committed = 0;
  #syncs: ((fails: boolean) => void)[] = [];

  get head(): number {
    return this.#committed;
  }

  get appended(): number {
    return this.rows.length;
  }

  get committed(): readonly FakeRow[] {
    return this.rows.slice(0, this.#committed);
  }

  append(id: string, received: string, occurred: string, head: number, search: string, raw: string): number {
    if (this.rows.length + 1 > this.roomUpTo) throw new Failure('journalFull', 'No room');
    this.rows.push({ seq: this.rows.length + 1, id, received, occurred, head, search, raw });
    return this.rows.length;
  }

  rollBack(seq: number): void {
    if (seq < this.#committed) throw new Error('A committed row was to be rolled back');
    this.rows.length = seq;
  }

  commit(): void {
    const fails = this.commitFailsAfter;
    this.commitFailsAfter = null;
    this.#committed = fails === null ? this.rows.length : Math.min(this.rows.length, this.#committed + fails);
    this.rows.length = this.#committed;
    if (fails !== null) throw new Failure('journalFull', 'The disk is full');
  }

  sync(): void {
    if (!this.syncFails) return;
    this.failed = new Failure('journalFailed', 'The sync failed');
    throw this.failed;
  }

  syncLater(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#syncs.push((fails) => {
        if (!fails) return resolve();
        this.failed = new Failure('journalFailed', 'The sync failed');
        reject(this.failed);
      });
    });
  }

  /** Ends the syncs under way. */
  endSyncs(fails = false): void {
    for (const end of this.#syncs.splice(0)) end(fails);
  }
}
