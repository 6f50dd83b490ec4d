/**
 * The kinds of the journal's records. Seq and payload of each:
 *
 *   event          its seq; its row (event-log/row.ts)
 *   cleanStop      the newest event's seq; nothing. Written last, after all before it was synced
 *   synced         a seq; nothing. In fsync mode: when it was written, all up to its seq was synced
 *   parked         the newest event's seq; the row of an event that may be a repeat, its number for a seq
 *   parkedSettled  the newest event's seq; the number of a parked event that waits no more, as text
 *
 * A number never changes its meaning. Those from 6 on are free.
 */
export const recordKinds = { event: 1, cleanStop: 2, synced: 3, parked: 4, parkedSettled: 5 } as const;

/** Whether a record of this kind is an event with a seq of its own: all that read the journal ask this. */
export function isEventKind(kind: number): boolean {
  return kind === recordKinds.event;
}
