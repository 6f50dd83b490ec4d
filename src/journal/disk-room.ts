/**
 * Whether there is room for one more record, and what gives way before an append is refused (I9): what is only kept for
 * readers.
 */
import { Failure } from '../base/errors.ts';
import type { DiskBudget } from './disk-budget.ts';
import type { PendingRecords } from './pending-records.ts';
import type { SegmentChain } from './segment-chain.ts';
import type { SegmentWriter } from './segment-writer.ts';

export interface DiskRoomParts {
  readonly budget: DiskBudget;
  readonly chain: SegmentChain;
  readonly writer: SegmentWriter;
  readonly pending: PendingRecords;
  /** The seq up to which all is in ClickHouse. */
  readonly checkpoint: () => number;
}

export class DiskRoom {
  readonly #parts: DiskRoomParts;

  constructor(parts: DiskRoomParts) {
    this.#parts = parts;
  }

  /** Why a record of so many bytes cannot be taken; null if it can. */
  refusal(bytes: number): Failure | null {
    let reason = this.#ask(bytes);
    if (reason !== null && this.#make()) reason = this.#ask(bytes);
    return reason === null ? null : (this.#parts.writer.failed ?? new Failure('journalFull', reason));
  }

  /** Counts a record. Throws the refusal if it cannot be taken. */
  take(bytes: number): void {
    const refusal = this.refusal(bytes);
    if (refusal !== null) throw refusal;
    this.count(bytes);
  }

  /**
   * As `take`, but goes over the budget, and into the disk's reserve, rather than refuse. Throws only if the journal is
   * dead.
   */
  takeBeyond(bytes: number): void {
    // Asked all the same: what is only kept for readers gives way first.
    this.refusal(bytes);
    const { writer } = this.#parts;
    if (writer.failed !== null) throw writer.failed;
    this.count(bytes);
  }

  /** Counts a record that is taken unasked. */
  count(bytes: number): void {
    this.#parts.budget.taken(bytes);
  }

  /** The disk proved full: the next question looks anew. */
  forget(): void {
    this.#parts.budget.forget();
  }

  #ask(bytes: number): string | null {
    const { budget, chain, pending } = this.#parts;
    const isHeld = chain.heldFrom <= this.#parts.checkpoint();
    return budget.refusal(bytes, chain.bytes + pending.bytes, isHeld ? 'Prefect' : 'ClickHouse');
  }

  /** All that is in ClickHouse and not held goes, the active segment included. True if anything went. */
  #make(): boolean {
    const { budget, chain, writer } = this.#parts;
    const checkpoint = this.#parts.checkpoint();
    const before = chain.bytes;
    try {
      if (checkpoint >= chain.active.lastSeq && chain.heldFrom > chain.active.lastSeq) writer.roll();
    } catch (error) {
      if (error instanceof Failure) writer.die('could begin no new file', error);
    }
    chain.trim(checkpoint, { bytes: 0, insertedBefore: Number.POSITIVE_INFINITY });
    if (chain.bytes >= before) return false;
    budget.forget();
    return true;
  }
}
