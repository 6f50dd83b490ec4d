/** What a live feed is asked, and whom it asks. */
import type { EventFilter } from '../../../client/src/event-filter.ts';
import type { Sluice } from '../../../client/src/sluice.ts';

export interface Question {
  readonly filter: EventFilter;
  /** As ISO; null where the filter names none. */
  readonly since: string | null;
  readonly until: string | null;
}

/** The filter with the end of its window; where it begins is no part of it. */
export function untilOf({ filter, until }: Pick<Question, 'filter' | 'until'>): EventFilter {
  return until === null ? filter : { ...filter, occurred: { until } };
}

export interface Clients {
  /** Tries again for as long as it takes. */
  readonly sluice: Sluice;
  /** Tries once. */
  readonly hasty: Sluice;
}
