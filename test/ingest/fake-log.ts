/**
 * A log in memory that fails on command: what intake needs of the journal, and nothing of its files.
 */
import { Failure } from '../../src/base/errors.ts';
import type { EventLog } from '../../src/ingest/event-log.ts';
import { formatRow, splitRow } from '../../src/journal/row.ts';
import type { ReceiptTexts, RowSource } from '../../src/journal/row-source.ts';

export interface FakeRow {
  readonly seq: number;
  readonly id: string;
  readonly received: string;
  readonly occurred: string;
  readonly head: number;
  readonly search: string;
  readonly raw: string;
}

type FakeRecord =
  | { readonly kind: 'event' | 'parked'; readonly row: FakeRow }
  | { readonly kind: 'settled'; readonly number: number };

export class FakeLog implements EventLog {
  failed: Failure | null = null;
  /** The next commit writes only so many of the waiting records, and fails. */
  commitFailsAfter: number | null = null;
  /** Appended rows beyond this seq do not fit. */
  roomUpTo = Number.POSITIVE_INFINITY;
  syncFails = false;
  /** Those written, and those that wait. */
  readonly #written: FakeRecord[];
  #waiting: FakeRecord[] = [];
  #syncs: ((fails: boolean) => void)[] = [];

  /** `written`: what a log before it left. */
  constructor(written: readonly FakeRecord[] = []) {
    this.#written = [...written];
  }

  get rows(): readonly FakeRow[] {
    return rowsOf('event', [...this.#written, ...this.#waiting]);
  }
  get committed(): readonly FakeRow[] {
    return rowsOf('event', this.#written);
  }
  /** The log that a restart finds after a kill in a write that had got so far. */
  killed(writtenOfWaiting: number): FakeLog {
    return new FakeLog([...this.#written, ...this.#waiting.slice(0, writtenOfWaiting)]);
  }
  /** Parked and not settled, as a restart finds them. */
  get open(): FakeRow[] {
    const settled = this.#written.flatMap((record) => (record.kind === 'settled' ? record.number : []));
    return rowsOf('parked', this.#written).filter(({ seq }) => !settled.includes(seq));
  }
  get head(): number {
    return this.committed.length;
  }
  get appended(): number {
    return this.rows.length;
  }
  get parkedHead(): number {
    return rowsOf('parked', this.#written).length;
  }
  get parkedAppended(): number {
    return rowsOf('parked', [...this.#written, ...this.#waiting]).length;
  }
  get hasPending(): boolean {
    return this.#waiting.length > 0;
  }

  append(row: RowSource, receipt: ReceiptTexts): number {
    const seq = this.appended + 1;
    this.#take({ kind: 'event', row: written(row, seq, receipt) });
    return seq;
  }

  park(row: RowSource, receipt: ReceiptTexts): number {
    const seq = this.parkedAppended + 1;
    this.#take({ kind: 'parked', row: written(row, seq, receipt) });
    return seq;
  }

  unpark(number: number, row: RowSource, receipt: ReceiptTexts): number {
    const seq = this.appended + 1;
    this.#waiting.push({ kind: 'event', row: written(row, seq, receipt) });
    this.settleParked(number);
    return seq;
  }

  lastRow(): Buffer {
    const last = this.#waiting.findLast((record) => record.kind !== 'settled');
    if (last === undefined) throw new Error('No row was just taken');
    return Buffer.from(formatRow(last.row).slice(0, -1));
  }

  settleParked(number: number): void {
    this.#waiting.push({ kind: 'settled', number });
  }

  #take(record: FakeRecord): void {
    if (this.appended + 1 > this.roomUpTo) throw new Failure('journalFull', 'No room');
    this.#waiting.push(record);
  }

  rollBack(seq: number, parked: number): void {
    if (seq < this.head || parked < this.parkedHead) throw new Error('A committed row was to be rolled back');
    const from = this.#waiting.findIndex(
      (record) => record.kind !== 'settled' && record.row.seq > (record.kind === 'event' ? seq : parked),
    );
    if (from >= 0) this.#waiting.length = from;
  }

  /** Of a group all or nothing, unless it fails after some. */
  commit(): void {
    const fails = this.commitFailsAfter;
    this.commitFailsAfter = null;
    this.#written.push(...this.#waiting.slice(0, fails ?? this.#waiting.length));
    this.#waiting = [];
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

function rowsOf(kind: 'event' | 'parked', records: readonly FakeRecord[]): FakeRow[] {
  return records.flatMap((record) => (record.kind === kind ? [record.row] : []));
}

function written(row: RowSource, seq: number, receipt: ReceiptTexts): FakeRow {
  const bytes = Buffer.alloc(row.rowBytesMax);
  return splitRow(bytes.toString('utf8', 0, row.writeRow(bytes, 0, seq, receipt)));
}
