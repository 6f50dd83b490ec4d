/**
 * Durations counted into buckets, as Prometheus has them: cheap to observe, exact in sum and count.
 */
export interface HistogramReading {
  /** Seconds up to which each bucket counts; the last bucket has no bound. */
  readonly boundsSeconds: readonly number[];
  /** One more than bounds; each counts its own observations only. */
  readonly counts: readonly number[];
  readonly sumSeconds: number;
  readonly count: number;
}

export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  /** `boundsSeconds` rise. */
  constructor(boundsSeconds: readonly number[]) {
    this.#bounds = boundsSeconds;
    this.#counts = Array.from({ length: boundsSeconds.length + 1 }, () => 0);
  }

  observe(seconds: number): void {
    const found = this.#bounds.findIndex((bound) => seconds <= bound);
    const bucket = found < 0 ? this.#bounds.length : found;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += seconds;
    this.#count += 1;
  }

  get reading(): HistogramReading {
    return { boundsSeconds: this.#bounds, counts: [...this.#counts], sumSeconds: this.#sum, count: this.#count };
  }

  toJSON(): { readonly count: number; readonly sumSeconds: number } {
    return { count: this.#count, sumSeconds: this.#sum };
  }
}
