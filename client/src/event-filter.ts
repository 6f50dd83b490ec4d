/** A filter as the client sends it: what the API has, with times as text. */
import type { SentFilter } from '../../schemas/filter.ts';

export type {
  SentAnyResource as FilterAnyResource,
  SentLabels as FilterLabels,
  SentRelated as FilterRelated,
} from '../../schemas/filter.ts';

/** All parts must hold; what is left out asks for nothing. */
export interface EventFilter extends Omit<SentFilter, 'occurred'> {
  readonly occurred?: { readonly since?: string; readonly until?: string };
}
