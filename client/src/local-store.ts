/** A checkpoint in the storage of a browser, which outlives its pages. */
import type { CheckpointStore } from './checkpoint-store.ts';

interface StorageLike {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** Under this key; two subscriptions must not share one. */
export function localStore(key: string): CheckpointStore {
  const { localStorage } = globalThis as unknown as { readonly localStorage: StorageLike }; // every browser has it
  return {
    load: async () => localStorage.getItem(key),
    save: async (checkpoint) => localStorage.setItem(key, checkpoint),
  };
}
