/**
 * What an event looks like, as a producer sends it and as Sluice keeps it (docs/prefect-facts.md, "Sending events").
 */

/**
 * Label → value, in the order sent. Read a label with `Object.hasOwn` first: any string may be a label, `toString` too.
 */
export type Labels = Readonly<Record<string, string>>;

/** The parsed form of an accepted event; every field is present and valid. */
export interface EventBody {
  /** UTC, `YYYY-MM-DDTHH:MM:SS[.ffffff]Z`, years 0001 to 9999; compare two of them by `timeKey`. */
  readonly occurred: string;
  readonly event: string;
  readonly resource: Labels;
  readonly related: readonly Labels[];
  /** Parsed by JSON.parse: the exact numbers are in the canonical text only. */
  readonly payload: Readonly<Record<string, unknown>>;
  /** Lower case with dashes. */
  readonly id: string;
  readonly follows: string | null;
}

/** The label that names a resource. */
export const resourceIdLabel = 'prefect.resource.id';
/** The label that says what part a related resource played. */
export const resourceRoleLabel = 'prefect.resource.role';

export const eventBytesMax = 1_500_000;
export const eventNameCharactersMax = 1024;
export const labelsMax = 500;
export const relatedMax = 100;
export const payloadDepthMax = 1000;

/**
 * A canonical time as a key: two keys compare as strings in the order of the times they name.
 * (The text itself does not: `…:03Z` sorts after `…:03.5Z`.)
 */
export function timeKey(canonicalTime: string): string {
  return canonicalTime.slice(0, -1);
}
