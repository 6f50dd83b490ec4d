/**
 * Bodies that are judged in slices, one after the other: between two slices their events lie in the reader's memory,
 * which therefore is another one than that of messages.
 */
import { PlainReader } from './plain-event.ts';

export interface LargeBodies {
  /** For whoever has taken it. */
  readonly reader: PlainReader;
  /** Resolves when all before have released it, with the way to release it again. */
  take(): Promise<() => void>;
}

export function createLargeBodies(): LargeBodies {
  let reader: PlainReader | null = null;
  let last: Promise<void> = Promise.resolve();
  return {
    get reader() {
      reader ??= new PlainReader();
      return reader;
    },
    async take() {
      const before = last;
      let release = (): void => undefined;
      last = new Promise((resolve) => {
        release = resolve;
      });
      await before;
      return release;
    },
  };
}
