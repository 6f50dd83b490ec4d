/**
 * Latencies in a fixed space: buckets of 4 %, from a microsecond to an hour.
 */
const perDoubling = 16;
const buckets = 512;

/** In milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export class Histogram {
  readonly #counts = new Uint32Array(buckets);
  #total = 0;
  #max = 0;

  add(micros: number): void {
    const bucket = micros < 1 ? 0 : Math.min(buckets - 1, Math.floor(Math.log2(micros) * perDoubling));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#total += 1;
    if (micros > this.#max) this.#max = micros;
  }

  /** Null of nothing. */
  summary(): Latency | null {
    if (this.#total === 0) return null;
    return { p50: this.#at(0.5), p99: this.#at(0.99), max: round(this.#max / 1000) };
  }

  #at(share: number): number {
    let left = this.#total * share;
    for (const [bucket, count] of this.#counts.entries()) {
      left -= count;
      if (left <= 0) return round(Math.min(this.#max, 2 ** ((bucket + 1) / perDoubling)) / 1000);
    }
    return round(this.#max / 1000);
  }
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
