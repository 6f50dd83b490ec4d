/**
 * Rows of a spool of which only the store can tell whether they are in the log: they wait here, within a bound, while
 * those behind them are sent. Nothing of this is kept on disk; the spool keeps the rows.
 */
import type { SpooledRow } from './carrier-ports.ts';

export class ParkedRows {
  /** By seq, which rises. */
  #rows = new Map<number, SpooledRow>();
  /** Those that the store does not have, with the newest seq that was applied when it was asked. */
  readonly #newSince = new Map<number, number>();
  #newest = 0;

  get size(): number {
    return this.#rows.size;
  }
  /** Infinity for none. */
  get oldest(): number {
    const [oldest] = this.#rows.keys();
    return oldest ?? Number.POSITIVE_INFINITY;
  }

  has(seq: number): boolean {
    return this.#rows.size > 0 && this.#rows.has(seq);
  }

  add(rows: readonly SpooledRow[]): void {
    for (const row of rows) this.#rows.set(row.seq, row);
    const [first] = rows;
    if (first !== undefined && first.seq < this.#newest) this.#sort();
    this.#newest = Math.max(this.#newest, rows.at(-1)?.seq ?? 0);
  }

  remove(seqs: Iterable<number>): void {
    for (const seq of seqs) {
      this.#rows.delete(seq);
      this.#newSince.delete(seq);
    }
  }

  /** The oldest that the store is to be asked for. */
  unasked(rowsMax: number): SpooledRow[] {
    const rows: SpooledRow[] = [];
    for (const row of this.#rows.values()) {
      if (rows.length === rowsMax) break;
      if (!this.#newSince.has(row.seq)) rows.push(row);
    }
    return rows;
  }

  /** The store does not have it. */
  noteNew(seq: number, judgedAt: number): void {
    if (this.#rows.has(seq)) this.#newSince.set(seq, judgedAt);
  }

  /** What the store has said may be too old. */
  forgetAnswers(): void {
    this.#newSince.clear();
  }

  /** Those that may be sent: in their order, and with the oldest `judgedAt` among them. */
  sendable(rowsMax: number): { readonly seqs: readonly number[]; readonly judgedAt: number } {
    const found = [...this.#newSince].slice(0, rowsMax);
    const seqs = found.map(([seq]) => seq).sort((one, other) => one - other);
    return { seqs, judgedAt: Math.min(...found.map(([, judgedAt]) => judgedAt)) };
  }

  #sort(): void {
    this.#rows = new Map([...this.#rows].sort(([one], [other]) => one - other));
  }
}
