/** A filter as it is sent: only what the API has. All parts must hold; what is left out asks for nothing. */

export interface EventFilter {
  readonly occurred?: { readonly since?: string; readonly until?: string };
  readonly event?: {
    readonly name?: readonly string[];
    readonly prefix?: readonly string[];
    readonly exclude_name?: readonly string[];
    readonly exclude_prefix?: readonly string[];
  };
  readonly resource?: {
    readonly id?: readonly string[];
    readonly id_prefix?: readonly string[];
    readonly labels?: FilterLabels;
    /** For pages only: of each resource the newest event, or with `ASC` the oldest. */
    readonly distinct?: boolean;
  };
  readonly related?: FilterRelated | readonly FilterRelated[];
  readonly any_resource?: FilterAnyResource | readonly FilterAnyResource[];
  readonly id?: { readonly id: readonly string[] };
  /** Words of which one must be there, `+word` must, `-word` must not, `"a phrase"`. An extension. */
  readonly text?: { readonly query: string };
  readonly order?: 'ASC' | 'DESC';
}

/** Label → value, or values of which one must fit: `*` is any run, `?` one character, `!` in front negates. */
export type FilterLabels = Readonly<Record<string, string | readonly string[]>>;

export interface FilterRelated {
  readonly id?: readonly string[];
  readonly role?: readonly string[];
  readonly resources_in_roles?: readonly (readonly [id: string, role: string])[];
  readonly labels?: FilterLabels;
}

export interface FilterAnyResource {
  readonly id?: readonly string[];
  readonly id_prefix?: readonly string[];
  readonly labels?: FilterLabels;
}
