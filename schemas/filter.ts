/**
 * A filter as the server has it and as a client sends it (docs/prefect-facts.md, "Filters"). This file imports nothing
 * that a browser lacks.
 */

/** Label → the patterns any of which must fit; all labels must fit. */
export type LabelPatterns = Readonly<Record<string, readonly string[]>>;

/** After validation: every part normalised, absent conditions gone. */
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

/** As a client sends it: all parts must hold, and what is left out asks for nothing. Each part may be null, too. */
export interface SentFilter {
  /** Both inclusive: ISO 8601, without a zone UTC, or seconds since 1970. */
  readonly occurred?: { readonly since?: string | number; readonly until?: string | number };
  readonly event?: {
    readonly prefix?: readonly string[];
    readonly exclude_prefix?: readonly string[];
    readonly name?: readonly string[];
    readonly exclude_name?: readonly string[];
  };
  readonly resource?: {
    readonly id?: readonly string[];
    readonly id_prefix?: readonly string[];
    readonly labels?: SentLabels;
    /** For pages only: of each resource the newest event, or with `ASC` the oldest. */
    readonly distinct?: boolean;
  };
  readonly related?: SentRelated | readonly SentRelated[];
  readonly any_resource?: SentAnyResource | readonly SentAnyResource[];
  readonly id?: { readonly id?: readonly string[] };
  /** Words any of which must be there; `+word` must, `-word` must not; `"a phrase"`. */
  readonly text?: { readonly query: string };
  readonly order?: 'ASC' | 'DESC';
}

/** Label → a value, or values any of which must fit: `*` is any run, `?` one character, `!` in front negates. */
export type SentLabels = Readonly<Record<string, string | readonly string[]>>;

export interface SentRelated {
  readonly id?: readonly string[];
  readonly role?: readonly string[];
  /** [id, role] pairs. */
  readonly resources_in_roles?: readonly (readonly [id: string, role: string])[];
  readonly labels?: SentLabels;
}

export interface SentAnyResource {
  readonly id?: readonly string[];
  readonly id_prefix?: readonly string[];
  readonly labels?: SentLabels;
}
