/**
 * What filters mean for ClickHouse: the stored half of I6 (`predicate.ts` is the other). Values come as bound
 * parameters only.
 */
import type { AllFilters } from '../../schemas/filter.ts';
import { bindings } from './bindings.ts';
import { askParts, conditionNames, filterParts } from './filter-parts.ts';
import { all } from './sql-patterns.ts';

export interface FilterSql {
  /** A condition over the columns of `events`, in parentheses where it needs them. */
  readonly where: string;
  /** The same without the windows of `occurred`. */
  readonly whereAnyTime: string;
  /** Named f0, f1, …: other parameters of the statement must have other names. */
  readonly params: Record<string, unknown>;
}

export function filterSql(filters: AllFilters): FilterSql {
  const { bind, params } = bindings();
  const windows = filters.flatMap(({ occurred }) => filterParts.occurred.sql(occurred, bind));
  const conditions = filters.flatMap((filter) =>
    askParts(filter, (part, value) => part.sql(value, bind), conditionNames).flat(),
  );
  return { where: all([...windows, ...conditions]), whereAnyTime: all(conditions), params };
}
