/**
 * What a filter looks like after validation (docs/prefect-facts.md, "Filters"): every part normalised, absent
 * conditions gone.
 */

/** Label → the patterns any of which must fit; all labels must fit. */
export type LabelPatterns = Readonly<Record<string, readonly string[]>>;

export interface Filter {
  /** Canonical UTC times, both inclusive. `until: null` is open-ended (only on `/out`). */
  readonly occurred: { readonly since: string; readonly until: string | null };
  /** Lists of strings; an empty list is no condition. */
  readonly event: {
    readonly prefix: readonly string[];
    readonly excludePrefix: readonly string[];
    readonly name: readonly string[];
    readonly excludeName: readonly string[];
  };
  readonly resource: {
    readonly id: readonly string[];
    readonly idPrefix: readonly string[];
    readonly labels: LabelPatterns;
    readonly distinct: boolean;
  };
  /** Each entry must be met by one related resource that fits all of the entry. */
  readonly related: readonly RelatedFilter[];
  /** As `related`; the primary resource counts too. */
  readonly anyResource: readonly AnyResourceFilter[];
  /** Lower case with dashes; empty is no condition. */
  readonly id: readonly string[];
  /** Null is no condition. */
  readonly text: TextQuery | null;
  readonly order: 'ASC' | 'DESC';
}

/** Filters that must all match. The first is the client's own. */
export type AllFilters = readonly [Filter, ...Filter[]];

export interface RelatedFilter {
  readonly id: readonly string[];
  readonly role: readonly string[];
  /** [id, role] pairs. */
  readonly resourcesInRoles: readonly (readonly [string, string])[];
  readonly labels: LabelPatterns;
}

export interface AnyResourceFilter {
  readonly id: readonly string[];
  readonly idPrefix: readonly string[];
  readonly labels: LabelPatterns;
}

/** Folded terms (see `foldText`): any of `include` (if there are any), all of `required`, none of `exclude`. */
export interface TextQuery {
  readonly include: readonly string[];
  readonly required: readonly string[];
  readonly exclude: readonly string[];
}
