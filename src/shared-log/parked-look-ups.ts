/**
 * Asks the store for the parked rows of a spool, one question at a time, and gives those to be sent that it does not
 * have. What the window has meanwhile is settled without it (I11).
 */
import { linesOf, type Row, splitRow } from '../event-log/row.ts';
import type { CarrierOptions, Spool, SpooledRow, StoreLookUp, StoreWord, Wait } from './carrier-ports.ts';
import { type Judged, judge } from './judge.ts';
import { ParkedRows } from './parked-rows.ts';
import { readSome } from './read-some.ts';
import type { Replica } from './replica.ts';
import { numbersIn } from './stamped-row.ts';

export interface ParkedLookUpsParts {
  readonly spool: Pick<Spool, 'read'>;
  readonly replica: Pick<Replica, 'seq' | 'window'>;
  readonly store: StoreLookUp;
  /** See CarrierParts. */
  readonly keepTaken: (rows: readonly Row[]) => boolean;
  /** Some wait no longer. */
  readonly changed: () => void;
  readonly wait: Wait;
  readonly options: Pick<CarrierOptions, 'bytesMax' | 'againMs'>;
}

interface Question {
  readonly turn: number;
  readonly rows: readonly SpooledRow[];
  readonly judgedAt: number;
}

const askedMax = 1_000;

export class ParkedLookUps {
  readonly #parts: ParkedLookUpsParts;
  readonly #rows = new ParkedRows();
  /** That the store has; null for none. */
  #asked: Question | null = null;
  #questions = 0;
  #isPaused = false;
  #isStopped = false;

  constructor(parts: ParkedLookUpsParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#rows.size;
  }
  /** Infinity for none. */
  get oldest(): number {
    return this.#rows.oldest;
  }

  stop(): void {
    this.#isStopped = true;
    this.#asked = null;
  }

  has(seq: number): boolean {
    return this.#rows.has(seq);
  }
  add(rows: readonly SpooledRow[]): void {
    this.#rows.add(rows);
  }
  remove(seqs: readonly number[]): void {
    this.#rows.remove(seqs);
  }
  /** What the store has said may be too old: it is asked again. */
  forgetAnswers(): void {
    this.#rows.forgetAnswers();
  }

  askStore(): void {
    const { replica, store } = this.#parts;
    while (this.#asked === null && !this.#isPaused && !this.#isStopped && this.#rows.size > 0) {
      const rows = this.#rows.unasked(askedMax);
      const known = rows.filter(({ id }) => replica.window.seqOf(id) !== null);
      if (rows.length === 0) return;
      if (known.length === 0) {
        this.#questions += 1;
        this.#asked = { turn: this.#questions, rows, judgedAt: replica.seq };
        const leftUpTo = (replica.window.oldestSeq ?? replica.seq + 1) - 1;
        store.lookUp(rows, leftUpTo, this.#questions);
      } else if (this.#judge(known.map(({ seq }) => seq)) === null) this.#pause();
      else this.#parts.changed();
    }
  }

  /** False for an answer to another question than the one that was asked last. */
  lookedUp(turn: number, words: ReadonlyMap<number, StoreWord>): boolean {
    const asked = this.#asked;
    if (asked === null || turn !== asked.turn) return false;
    this.#asked = null;
    const of = (word: StoreWord | undefined): number[] =>
      asked.rows.map(({ seq }) => seq).filter((seq) => words.get(seq) === word);
    this.#rows.remove(of('repeat'));
    for (const seq of of(undefined)) this.#rows.noteNew(seq, asked.judgedAt);
    if (!this.#keep(of('taken'))) this.#pause();
    return true;
  }

  /** What is to be sent next of them; `unkept` where those whose ids are taken could not be kept. */
  next(rowsMax: number): { readonly judged: Judged; readonly judgedAt: number } | 'none' | 'unkept' {
    for (;;) {
      const { seqs, judgedAt } = this.#rows.sendable(rowsMax);
      if (seqs.length === 0) return 'none';
      const judged = this.#judge(seqs);
      if (judged === null) return 'unkept';
      if (judged.sent.length > 0) return { judged, judgedAt };
    }
  }

  /**
   * Some of these, of which the window alone has still to be asked: those that are in the log, or kept, wait no longer.
   */
  #judge(seqs: readonly number[]): Judged | null {
    const { spool, replica, options, keepTaken } = this.#parts;
    const rows = readSome(spool, seqs, options.bytesMax);
    const judged = judge(rows, { window: replica.window, isParked: () => false, room: null });
    if (!keepTaken(judged.taken)) return null;
    const sent = new Set(judged.sent);
    this.#rows.remove(numbersIn(rows.rows, rows.ends).filter((seq) => !sent.has(seq)));
    return judged;
  }

  /** All of these; false where some could not be kept. */
  #keep(seqs: readonly number[]): boolean {
    const { spool, options, keepTaken } = this.#parts;
    for (let at = 0; at < seqs.length; ) {
      const rows = linesOf(readSome(spool, seqs.slice(at), options.bytesMax).rows).map(splitRow);
      if (!keepTaken(rows)) return false;
      this.#rows.remove(rows.map(({ seq }) => seq));
      at += rows.length;
    }
    return true;
  }

  /** The disk took nothing: the same is tried again a little later. */
  #pause(): void {
    this.#isPaused = true;
    this.#parts.wait(this.#parts.options.againMs, () => {
      this.#isPaused = false;
      this.askStore();
    });
  }
}
