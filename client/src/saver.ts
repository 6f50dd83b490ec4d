/** Saves checkpoints one at a time: what comes while one is being saved waits, and only the newest of that is saved. */
import type { CheckpointStore } from './checkpoint-store.ts';
import type { Checkpoint } from './errors.ts';

/** Its text is made when it is saved. */
export interface Marked {
  readonly checkpoint: Checkpoint;
}

export class Saver {
  readonly #store: CheckpointStore;
  #next: Marked | null = null;
  #running: Promise<void> = Promise.resolve();
  /** Has not begun: it will save what is newest then. */
  #queued: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;

  constructor(store: CheckpointStore) {
    this.#store = store;
  }

  /** Throws what the store threw at an earlier noted save. */
  throwIfFailed(): void {
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure.error;
  }

  /** For later; a failure is thrown by `throwIfFailed`. */
  note(marked: Marked): void {
    this.#next = marked;
    if (this.#queued !== null) return;
    this.#queue().catch((error: unknown) => {
      this.#failure = { error };
    });
  }

  /** Resolves when this one, or a newer one, is saved. */
  save(marked: Marked): Promise<void> {
    this.#next = marked;
    return this.#queued ?? this.#queue();
  }

  /** Resolves when nothing is being saved. Throws what a noted save threw. */
  async settled(): Promise<void> {
    while (this.#queued !== null) await this.#queued.catch(() => undefined);
    await this.#running.catch(() => undefined);
    this.throwIfFailed();
  }

  #queue(): Promise<void> {
    const queued = this.#running
      .catch(() => undefined)
      .then(() => {
        this.#queued = null;
        const marked = this.#next;
        this.#next = null;
        this.#running = marked === null ? Promise.resolve() : this.#store.save(marked.checkpoint);
        return this.#running;
      });
    this.#queued = queued;
    return queued;
  }
}
