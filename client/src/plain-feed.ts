/**
 * A feed of a server without positions: where to go on is the last event's time, a little earlier, without the events
 * that are known. What fell into a break may be missing, so each break is told as a gap.
 */
import type { AnsweredEvent } from '../../schemas/wire.ts';
import { type Beginning, since } from './checkpoint.ts';
import type { EventFilter } from './event-filter.ts';

/** Such a server ends a feed at its `until`, which is now by default. */
const farUntil = '9999-12-31T23:59:59Z';
const overlapMs = 10_000;
const knownMax = 20_000;

export class PlainFeed {
  readonly #known = new Set<string>();
  #occurred: string | null;

  /** `beginning` may resume from what an earlier run had. */
  constructor({ resume }: Beginning) {
    const [, occurred = null, id] = /^([^/]+)\/(.+)$/.exec(String(resume?.position ?? '')) ?? [];
    this.#occurred = occurred;
    if (id !== undefined) this.#known.add(id);
  }

  /** Of the next connection. */
  filterOf(filter: EventFilter): EventFilter {
    const from = this.#occurred;
    const again = from === null ? filter : since(filter, new Date(Date.parse(from) - overlapMs).toISOString());
    return { ...again, occurred: { until: farUntil, ...again.occurred } };
  }

  /** Whether the next connection goes on behind something. */
  get hasBegun(): boolean {
    return this.#occurred !== null;
  }

  /** The position of a new event; null for one that is known. */
  take({ id, occurred }: AnsweredEvent): string | null {
    if (this.#known.has(id)) return null;
    this.#known.add(id);
    if (this.#known.size > knownMax) {
      const [oldest = ''] = this.#known;
      this.#known.delete(oldest);
    }
    if (this.#occurred === null || occurred > this.#occurred) this.#occurred = occurred;
    return `${occurred}/${id}`;
  }
}
