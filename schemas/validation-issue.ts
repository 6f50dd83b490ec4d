/**
 * One row of a 422 answer (docs/prefect-facts.md, "Validation errors"): Pydantic's words, so that clients of Prefect
 * can read it.
 */
/** More reasons than this are not looked for: no answer lists more. */
export const issuesMax = 1000;

export type Location = readonly (string | number)[];

export interface ValidationIssue {
  readonly type: string;
  readonly loc: Location;
  readonly msg: string;
  readonly input: unknown;
  readonly ctx?: Readonly<Record<string, unknown>>;
}

/** A checked value, or every reason why it is none. */
export type Checked<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly issues: readonly ValidationIssue[] };
