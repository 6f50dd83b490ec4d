/**
 * What no two events of the table have alike, and how events are asked for by it.
 */
export interface EventKey {
  /** As ClickHouse writes it. */
  readonly occurred: string;
  readonly id: string;
}

/** True of events with one of the `boundKeys`. */
export const hasKey = `(occurred, id) IN (
  SELECT toDateTime64(key.1, 6, 'UTC'), toUUID(key.2)
  FROM (SELECT arrayJoin(arrayZip({occurred:Array(String)}, {ids:Array(String)})) AS key))`;

export function boundKeys(keys: readonly EventKey[]): { occurred: string[]; ids: string[] } {
  return { occurred: keys.map(({ occurred }) => occurred), ids: keys.map(({ id }) => id) };
}
