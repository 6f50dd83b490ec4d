/** Asks again and again while somebody looks, and tells the newest answer, or why there is none. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { sentenceOf } from '../base/failure.ts';
import { http } from '../base/session.ts';

export interface Polled<Answer> {
  readonly found: Answer | null;
  readonly failure: string | null;
}

/** `again`: asked at once when it changes. */
export function usePoll<Answer>(path: string, everyMs: number, again: number | string = 0): Signal<Polled<Answer>> {
  const state = useSignal<Polled<Answer>>({ found: null, failure: null });
  const client = http.value;
  useEffect(() => {
    const ending = new AbortController();
    const { signal } = ending;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      try {
        const found = await client.json<Answer>({ method: 'GET', path, signal });
        if (!signal.aborted) state.value = { found, failure: null };
      } catch (error) {
        if (!signal.aborted) state.value = { found: state.value.found, failure: sentenceOf(error) };
      }
      if (!signal.aborted) timer = setTimeout(() => void look(), everyMs);
    };
    void look();
    return () => {
      clearTimeout(timer);
      ending.abort();
    };
  }, [client, path, everyMs, again]);
  return state;
}
