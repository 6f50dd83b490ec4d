/** A live count as a signal: the newest list, or why there is none. */
import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { CountBy, CountOptions } from '../../../client/src/count.ts';
import type { LiveCount } from '../../../client/src/watch-count.ts';
import { sentenceOf } from '../base/failure.ts';
import { sluice } from '../base/session.ts';
import type { CountWindow } from './window.ts';

export interface CountState {
  /** Null before the first answer. */
  readonly found: LiveCount | null;
  readonly failure: string | null;
}

/** Asks anew when one of these changes. */
export function useLiveCount(by: CountBy, window: CountWindow, options: CountOptions): ReadonlySignal<CountState> {
  const state = useSignal<CountState>({ found: null, failure: null });
  const key = JSON.stringify([by, window.filter, window.last, options]);
  const client = sluice.value;
  useEffect(() => {
    const ending = new AbortController();
    const { signal } = ending;
    const watch = async (): Promise<void> => {
      const terms = { ...options, ...(window.last !== null && { last: window.last }), signal };
      try {
        for await (const found of client.watchCount(by, window.filter, terms)) {
          if (signal.aborted) return;
          state.value = { found, failure: null };
        }
      } catch (error) {
        if (!signal.aborted) state.value = { found: null, failure: sentenceOf(error) };
      }
    };
    void watch();
    return () => ending.abort();
  }, [key, client]);
  return state;
}
