/**
 * Stretches of the log that other readers are yet to come by, of all filters together, within a bound (I4).
 */
import type { LogStretch } from './log-stretch.ts';

/**
 * Kept for all filters together; beyond it the longest unused stretch goes. Who shares is rarely thousands of events
 * apart.
 */
const keptBytesMax = 8 * 1024 * 1024;

export interface KeptStretch {
  readonly stretch: LogStretch;
  /**
   * Readers that are yet to come by, as far as can be told: then it goes, while it is young and costs the collector
   * nothing.
   */
  awaited: number;
  forget(): void;
}

/** Who reads by one filter now, and what is kept for them, by where it begins. */
export interface StretchReaders {
  readers: number;
  readonly stretches: Map<number, KeptStretch>;
}

export class KeptStretches {
  /** In order of use. */
  readonly #kept = new Set<KeptStretch>();
  #bytes = 0;

  keep({ stretches, readers }: StretchReaders, from: number, stretch: LogStretch): void {
    const entry: KeptStretch = { stretch, awaited: readers - 1, forget: () => stretches.delete(from) };
    stretches.set(from, entry);
    this.#kept.add(entry);
    this.#bytes += stretch.bytes;
    for (const oldest of this.#kept) {
      if (this.#bytes <= keptBytesMax) break;
      this.drop(oldest);
    }
  }

  use(entry: KeptStretch): LogStretch {
    entry.awaited -= 1;
    if (entry.awaited <= 0) this.drop(entry);
    // To the end of the order of use.
    else if (this.#kept.delete(entry)) this.#kept.add(entry);
    return entry.stretch;
  }

  drop(entry: KeptStretch): void {
    if (!this.#kept.delete(entry)) return;
    this.#bytes -= entry.stretch.bytes;
    entry.forget();
  }
}
