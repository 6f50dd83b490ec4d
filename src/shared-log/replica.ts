/**
 * A gateway's replica: a log of its own that holds what the shared log has accepted, in its order, and the ids that
 * were accepted last. What a commit could not write is applied again.
 */
import type { AppliedMark, ReplicaLog } from '../event-log/replica-log.ts';
import type { IdWindow } from '../ids/id-window.ts';
import { type AppliedBlock, Applier, type OutOfTurn } from './applier.ts';
import type { RulesTable } from './apply-rules.ts';
import type { WindowBounds } from './replica-window.ts';

export interface ReplicaParts extends WindowBounds {
  readonly log: ReplicaLog;
  /** See ApplierParts. */
  readonly rules?: RulesTable;
  /**
   * Gives the window as the log's events leave it (replica-window.ts). Is called again after a commit that failed: of
   * the ids that had to leave for those that were not written, nobody knows here.
   */
  readonly openWindow: () => IdWindow;
  /** Is told of each row as it was appended, before the next one. */
  readonly appended?: (seq: number) => void;
}

export class Replica {
  readonly #parts: ReplicaParts;
  #window: IdWindow;
  #applier: Applier;

  constructor(parts: ReplicaParts) {
    this.#parts = parts;
    this.#window = parts.openWindow();
    this.#applier = this.#newApplier();
  }

  /** Up to where all is committed. */
  get applied(): AppliedMark {
    return this.#parts.log.applied;
  }
  /** The newest message that was applied, committed or not. */
  get applying(): number {
    return this.#applier.applied.stream;
  }
  /** The newest seq that was given, committed or not. */
  get seq(): number {
    return this.#applier.seq;
  }
  get window(): IdWindow {
    return this.#window;
  }

  /** What the window is made of has changed. Nothing may be under way. */
  reopenWindow(): void {
    this.#window = this.#parts.openWindow();
    this.#applier = this.#newApplier();
  }

  /** See Applier. */
  apply(stream: number, ms: number, data: Buffer): AppliedBlock | OutOfTurn {
    return this.#applier.apply(stream, ms, data);
  }

  /** Throws Failure: then `applying` is back at `applied`, and what lies behind is to be applied again. */
  commit(): void {
    const { log } = this.#parts;
    if (!log.hasPending) return;
    try {
      log.commit();
    } catch (error) {
      this.reopenWindow();
      throw error;
    }
  }

  #newApplier(): Applier {
    return new Applier({ ...this.#parts, window: this.#window });
  }
}
