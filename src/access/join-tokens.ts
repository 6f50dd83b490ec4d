/**
 * Joins what two places know of the same tokens: none of them goes, and one that was revoked anywhere stays so. In
 * whatever order and however often places are joined, they end up alike.
 */
import type { TokenRecord } from './token-record.ts';

/** `ours` itself where `theirs` adds nothing. */
export function joinTokens(ours: readonly TokenRecord[], theirs: readonly TokenRecord[]): readonly TokenRecord[] {
  const others = new Map(theirs.map((record) => [record.id, record]));
  let isSame = true;
  const joined = ours.map((record) => {
    const revoked = earlier(record.revoked, others.get(record.id)?.revoked ?? null);
    others.delete(record.id);
    if (revoked === record.revoked) return record;
    isSame = false;
    return { ...record, revoked };
  });
  return isSame && others.size === 0 ? ours : [...joined, ...others.values()];
}

/** ISO times of one form. */
function earlier(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}
