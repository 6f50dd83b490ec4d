/**
 * What filters mean for one event in memory: the live half of I6. `sql.ts` says the same to ClickHouse.
 */
import type { AllFilters } from '../../schemas/filter.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { all, type Test } from './conditions.ts';
import { askParts, conditionNames } from './filter-parts.ts';

/** Whether an event fits all of the filters, whatever their windows. */
export function compilePredicate(filters: AllFilters): Test<StoredEvent> {
  return all(filters.flatMap((filter) => askParts(filter, (part, value) => part.test(value), conditionNames)));
}
