/**
 * The dedupe pipe of one feed: history and log meet at the checkpoint by seq, so nothing can repeat; should a wrong cut
 * ever repeat an event, it is dropped and counted instead of being delivered twice (I3).
 */
import { createIdSet, type IdSet } from './id-set.ts';

/** Only rows this close to the checkpoint are remembered: a wrong cut is a wrong cut of the newest ones. */
const reach = 10_000;

export interface RepeatGuard {
  /** Notes a row that was delivered from history. */
  note(row: { readonly seq: number; readonly id: string }): void;
  /** True if history had delivered this id. */
  repeats(seq: number, id: () => string): boolean;
}

export function createRepeatGuard(checkpoint: number): RepeatGuard {
  let ids: IdSet | null = null;
  return {
    note(row) {
      if (row.seq <= checkpoint - reach) return;
      ids ??= createIdSet();
      // Only here, and where it is compared, is the id read: of a row that is still bytes that costs.
      ids.add(row.id);
    },
    repeats(seq, id) {
      if (ids === null) return false;
      if (seq > checkpoint + reach) ids = null;
      return ids?.has(id()) ?? false;
    },
  };
}
