/**
 * What a page of events looks like, as it is asked for and as it is answered (docs/prefect-facts.md, "Asking for
 * events", "Pages and their tokens").
 */
import type { Filter } from './filter.ts';

export interface PageRequest {
  readonly filter: Filter;
  /** Events of one page, 0 to `pageEventsMax`. */
  readonly limit: number;
}

export interface Page {
  /** Canonical texts of the events, in the filter's order: they go into the answer as they are (I2). */
  readonly events: readonly string[];
  /** All that matched as of the first page, not only this page's. */
  readonly total: number;
  /** Asks for the next page; null on the last one. */
  readonly token: string | null;
}

export const pageEventsMax = 50;
