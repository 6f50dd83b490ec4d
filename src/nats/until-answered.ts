/**
 * Tries again until NATS answers: it may not be there yet, or have no leader just now.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { StartRefused } from '../base/errors.ts';

export interface Retry {
  readonly againMs: number;
  /** After so long it rejects with what the last try said; it tries without end if none is given. */
  readonly withinMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Is told why a try failed. */
  readonly failed?: ((error: unknown) => void) | undefined;
}

/** Rejects with StartRefused at once, or with what the last try said. */
export async function untilAnswered<Answer>(work: () => Promise<Answer>, retry: Retry): Promise<Answer> {
  const { againMs, withinMs = Number.POSITIVE_INFINITY, signal, failed } = retry;
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isLast = performance.now() + againMs > deadline || signal?.aborted === true;
      if (error instanceof StartRefused || isLast) throw error;
      failed?.(error);
      await wait(againMs, undefined, { ...(signal !== undefined && { signal }) });
    }
  }
}
