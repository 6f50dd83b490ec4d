/**
 * How long deliveries took, from when each event was due and from when it was sent. The first second is left out: load
 * makers are new processes, which compile their code in it, and what they stall for then (25 ms) is nothing of the
 * server's.
 */
import { Histogram, type Latency } from './histogram.ts';

/** Of each run. */
export const leftOutSeconds = 1;

export class DeliveryTimes {
  readonly #sliceMicros: number;
  readonly #fromDue: Histogram[] = [];
  readonly #fromSend = new Histogram();
  /** Events due from then on count. */
  #since: number | null = null;

  /** Times from when events were due are taken apart for each `sliceSeconds`. */
  constructor(sliceSeconds: number) {
    this.#sliceMicros = sliceSeconds * 1e6;
  }

  /** Of an event that came at `now`: when it was due, and how late it was sent, in microseconds. */
  add(now: number, due: number, late: number): void {
    this.#since ??= due + leftOutSeconds * 1e6;
    if (due < this.#since) return;
    const took = now - due;
    const slice = Math.floor((due - this.#since) / this.#sliceMicros);
    while (this.#fromDue.length <= slice) this.#fromDue.push(new Histogram());
    this.#fromDue[slice]?.add(Math.max(0, took));
    this.#fromSend.add(Math.max(0, took - late));
  }

  /** Null of a slice in which nothing was due. */
  get fromDue(): (Latency | null)[] {
    return this.#fromDue.map((slice) => slice.summary());
  }

  get fromSend(): Latency | null {
    return this.#fromSend.summary();
  }
}
