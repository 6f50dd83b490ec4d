/**
 * Remembers messages of /in that were refused: a stock client sends an unconfirmed message again after each close, so
 * the same bytes are passed over the second time, and the good messages behind them get through (docs/prefect-facts.md,
 * "Where Sluice does better").
 */
import { createHash } from 'node:crypto';

export const refusedMessagesMax = 10_000;
const rememberMs = 10 * 60_000;

/**
 * `elapsedMs`: a clock that never steps back. At the bound the oldest is forgotten: its producer is closed once more.
 */
export function createRefusedMessages(elapsedMs: () => number, messagesMax = refusedMessagesMax) {
  /** Hash → when it was refused, oldest first. */
  const refusedAt = new Map<string, number>();

  /** True if the same bytes were refused within the last ten minutes; if not, notes them. */
  return (bytes: Buffer): boolean => {
    const nowMs = elapsedMs();
    const hash = createHash('sha256').update(bytes).digest('base64');
    const before = refusedAt.get(hash);
    if (before !== undefined && nowMs - before < rememberMs) return true;
    refusedAt.delete(hash);
    refusedAt.set(hash, nowMs);
    for (const oldest of refusedAt.keys()) {
      if (refusedAt.size <= messagesMax) break;
      refusedAt.delete(oldest);
    }
    return false;
  };
}
