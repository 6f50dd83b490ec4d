/**
 * Reads a filter as a client sends it (docs/prefect-facts.md, "Filters"). Defaults are filled in and absent conditions
 * dropped, so that predicate and SQL start from one meaning (I6). If it is no filter, every reason is told in Prefect's
 * words.
 */
import type { Filter } from '../../schemas/filter.ts';
import type { Checked, Location } from '../../schemas/validation-issue.ts';
import { boundIssues } from './filter-bounds.ts';
import type { FilterDefaults } from './filter-part.ts';
import { filterParts, makeFilter } from './filter-parts.ts';
import { addIssues, type FieldReader, type ReadPlace, readModel } from './read-model.ts';

export function validateFilter(input: unknown, options: FilterDefaults & { readonly loc: Location }): Checked<Filter> {
  const place: ReadPlace = { loc: options.loc, issues: [] };
  const absent = defaultFilter(options);
  const value = readModel(input, place, absent, (field) => makeFilter((name) => readPart(name, field, absent)));
  if (place.issues.length === 0) addIssues(place, boundIssues(value, options.loc));
  return place.issues.length === 0 ? { ok: true, value } : { ok: false, issues: place.issues };
}

function readPart<Name extends keyof Filter>(name: Name, field: FieldReader, absent: Filter): Filter[Name] {
  const part = filterParts[name];
  return field(part.name, absent[name], part.read(absent[name]));
}

/** The filter of a request that names none: the last 180 days, newest first. */
export function defaultFilter(defaults: FilterDefaults): Filter {
  return makeFilter((name) => filterParts[name].absent(defaults));
}

/** A filter that was kept by an older version. Parts that this version did not know are absent. */
export function completeFilter(kept: Partial<Filter> & Pick<Filter, 'occurred' | 'order'>): Filter {
  return { ...defaultFilter({ now: new Date(0), openEnded: true }), ...kept };
}
