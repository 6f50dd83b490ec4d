/**
 * Whether the checkpoint can be relied on. Until all that ClickHouse has is at or below it, or in the log as well, a
 * feed that reads the store up to the checkpoint, and then the log, would miss what a power cut took from the log only
 * (I3).
 */
import { firstValueFrom, fromEvent, ReplaySubject, takeUntil } from 'rxjs';
import type { LogAdmin } from '../event-log/log-admin.ts';
import type { Ledger } from './ledger.ts';
import type { WriterState } from './writer-state.ts';

/** Asks ClickHouse for the true checkpoint (reconcile.ts). */
export type Reconcile = (state: WriterState) => Promise<WriterState>;

type CertaintyLog = Pick<LogAdmin, 'checkpoint' | 'advanceCheckpoint'>;

export class Certainty {
  readonly #journal: CertaintyLog;
  readonly #ledger: Ledger;
  readonly #certain$ = new ReplaySubject<void>(1);
  /** Until it was asked once; null if there is nothing to ask. */
  #reconcile: Reconcile | null;

  constructor(journal: CertaintyLog, ledger: Ledger, reconcile: Reconcile | undefined) {
    this.#journal = journal;
    this.#ledger = ledger;
    this.#reconcile = reconcile ?? null;
  }

  get isDoubtful(): boolean {
    return this.#reconcile !== null;
  }

  /** Asks, if that was not done yet. */
  async settle(): Promise<void> {
    if (this.#reconcile === null) return;
    await this.#ledger.save(await this.#reconcile(this.#ledger.state));
    this.#journal.advanceCheckpoint(this.#ledger.state.checkpoint);
    this.#reconcile = null;
    this.look();
  }

  /** To be called when the checkpoint has moved. */
  look(): void {
    if (!this.isDoubtful && this.#journal.checkpoint >= (this.#ledger.state.maybeStoredUpTo ?? 0))
      this.#certain$.next();
  }

  /** Rejects when the signal aborts. */
  async when(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const certain$ = this.#certain$;
    await firstValueFrom(signal === undefined ? certain$ : certain$.pipe(takeUntil(fromEvent(signal, 'abort'))));
  }
}
