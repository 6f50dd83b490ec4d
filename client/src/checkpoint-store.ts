/** Where a subscription keeps its checkpoint between runs: the port, and the one in memory. */
import type { Checkpoint } from './errors.ts';

export interface CheckpointStore {
  /** Null where none was saved. */
  load(): Promise<Checkpoint | null>;
  /** Resolves when it would survive what the store promises to survive. Never called twice at once. */
  save(checkpoint: Checkpoint): Promise<void>;
}

/** Lost with the process. */
export function memoryStore(first: Checkpoint | null = null): CheckpointStore {
  let kept = first;
  return {
    load: async () => kept,
    save: async (checkpoint) => {
      kept = checkpoint;
    },
  };
}
