/**
 * Waits until all that a log holds is in ClickHouse: for as long as something goes on, and no longer.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { StartRefused } from '../base/errors.ts';
import type { Store } from '../clickhouse/store.ts';

export interface Draining {
  /** Says what is left, and another text whenever less of it is; null once nothing is left. */
  readonly left: () => string | null;
  readonly store: Pick<Store, 'status'>;
  /** Why nothing goes on however long it is waited for; null while it may. */
  readonly fault?: () => string | null;
  readonly elapsedMs?: () => number;
  readonly pause?: (ms: number) => Promise<unknown>;
}

const againMs = 100;
/** Longer than any insert. */
const stuckMs = 150_000;

/** Rejects with StartRefused where ClickHouse refuses, there is a fault, or nothing has gone on for long. */
export async function untilDrained(draining: Draining): Promise<void> {
  const { left, store, fault = () => null, elapsedMs = () => performance.now(), pause = wait } = draining;
  let seen = left();
  let since = elapsedMs();
  while (seen !== null) {
    const { phase, reason } = store.status;
    if (phase === 'refused') throw new StartRefused(reason);
    const sentence = fault();
    if (sentence !== null) throw new StartRefused(sentence);
    if (elapsedMs() - since > stuckMs) {
      const why = phase === 'ready' ? '' : ` (${reason})`;
      throw new StartRefused(
        `ClickHouse has taken nothing for ${stuckMs / 1000} s${why}: ${seen}. See to it that it serves, and run this ` +
          'again: nothing was lost.',
      );
    }
    await pause(againMs);
    const next = left();
    if (next !== seen) since = elapsedMs();
    seen = next;
  }
}
