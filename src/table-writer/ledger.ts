/**
 * The writer's state, and each step that changes it: a step counts once it is kept (I1).
 */
import { failPoint } from '../base/fail-point.ts';
import type { LogChunk, LogReader } from '../event-log/log-reader.ts';
import { receivedOf } from '../event-log/row.ts';
import { booked, rebooked } from './epoch-book.ts';
import type { DeadLetter, WriterStateStore } from './ports.ts';
import type { WriterState } from './writer-state.ts';

type LedgerLog = Pick<LogReader, 'epoch' | 'epochOf' | 'checkpoint'>;

export class Ledger {
  readonly #store: Pick<WriterStateStore, 'save'>;
  readonly #log: LedgerLog;
  #state: WriterState;

  /** `state` is the one that is kept. */
  constructor(store: Pick<WriterStateStore, 'save'>, log: LedgerLog, state: WriterState) {
    this.#store = store;
    this.#log = log;
    this.#state = state;
  }

  get state(): WriterState {
    return this.#state;
  }

  /**
   * The end of the narrowest refused range that is not all settled: no insert goes beyond it, in the next process too.
   */
  get refusedEnd(): number | undefined {
    return this.#state.refusedEnds?.findLast((end) => end > this.#log.checkpoint);
  }

  async save(next: WriterState): Promise<void> {
    await this.#store.save(next);
    this.#state = next;
  }

  /** Writes down which range is sent next, before it is sent for the first time. */
  async announce({ first, last }: LogChunk): Promise<void> {
    await this.save({ ...this.#state, epoch: this.#log.epoch, range: { first, last }, everInserted: true });
    failPoint('insert-announced');
  }

  /** The tokens of the range under way may be no help any more. */
  async doubtRange(): Promise<void> {
    const next = doubted(this.#state);
    if (next !== this.#state) await this.save(next);
  }

  /** The log has lost the range under way. */
  async dropRange(): Promise<void> {
    await this.save({ ...this.#state, range: null });
  }

  /**
   * The first half of a refused range is sent next, and the other one after it. Where some of it is there, what follows
   * is looked for before it is sent.
   */
  async halve({ first, last, count }: LogChunk, isPartly: boolean): Promise<void> {
    const range = { first, last: first + Math.floor(count / 2) - 1 };
    const state = isPartly ? doubted({ ...this.#state, range: { first, last } }) : this.#state;
    await this.save({ ...state, range, refusedEnds: [...(state.refusedEnds ?? []), last] });
    failPoint('half-announced');
  }

  /** All up to the chunk's end is in ClickHouse or in the dead letter. */
  async advance({ first, last, rows }: LogChunk, outcome: 'stored' | 'deadLettered'): Promise<void> {
    const entry = { epoch: this.#log.epochOf(first), first, last, since: receivedOf(rows) };
    const { refusedEnds, maybeStoredUpTo = 0, ...rest } = this.#state;
    const open = refusedEnds?.filter((end) => end > last) ?? [];
    await this.save({
      ...rest,
      checkpoint: last,
      range: null,
      books: booked(rest.books, entry, outcome),
      ...(open.length > 0 && { refusedEnds: open }),
      ...(maybeStoredUpTo > last && { maybeStoredUpTo }),
    });
    failPoint('checkpoint-written');
  }

  /**
   * Books events of the dead letter as stored, and takes them out of it. The books come first: after a crash in
   * between, the next start takes the events out.
   */
  async settleReplayed(seqs: readonly number[], remove: DeadLetter['remove']): Promise<void> {
    const replayed = [...this.#state.replayed, ...seqs];
    if (replayed.length === 0) return;
    if (seqs.length > 0) await this.save({ ...this.#state, books: seqs.reduce(rebooked, this.#state.books), replayed });
    failPoint('replay-booked');
    const gone = new Set(replayed);
    await remove((seq) => gone.has(seq));
    await this.save({ ...this.#state, replayed: [] });
  }
}

/** What is there of the state's range is to be looked for before it is sent again. */
export function doubted<State extends Pick<WriterState, 'range' | 'maybeStoredUpTo'>>(state: State): State {
  const { range, maybeStoredUpTo = 0 } = state;
  return range === null || range.last <= maybeStoredUpTo ? state : { ...state, maybeStoredUpTo: range.last };
}
