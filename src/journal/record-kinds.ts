/**
 * The kinds of the journal's records. Seq and payload of each:
 *
 *   event          its seq; its row (event-log/row.ts)
 *   cleanStop      the newest event's seq; nothing. Written last, after all before it was synced
 *   synced         a seq; nothing. In fsync mode: when it was written, all up to its seq was synced
 *   parked         the newest event's seq; the row of an event that may be a repeat, its number for a seq
 *   parkedSettled  the newest event's seq; the number of a parked event that waits no more, as text
 *   tagged         as event, and behind its row the tag of its forced label (u32)
 *   taggedParked   as parked, and behind its row the tag
 *
 * A number never changes its meaning. 6 to 8 are kept for events of other origins, those from 11 on are free.
 */
export const recordKinds = {
  event: 1,
  cleanStop: 2,
  synced: 3,
  parked: 4,
  parkedSettled: 5,
  tagged: 9,
  taggedParked: 10,
} as const;

/** Of a tag behind a row. */
const tagBytes = 4;

/** Whether a record of this kind is an event with a seq of its own: all that read the journal ask this. */
export function isEventKind(kind: number): boolean {
  return kind === recordKinds.event || kind === recordKinds.tagged;
}

export function isParkedKind(kind: number): boolean {
  return kind === recordKinds.parked || kind === recordKinds.taggedParked;
}

/** Bytes behind the row in the payload of such a record. */
export function tagBytesOf(kind: number): number {
  return kind === recordKinds.tagged || kind === recordKinds.taggedParked ? tagBytes : 0;
}

/** The tag at the end of a record of this kind; 0 for none. */
export function tagBefore(kind: number, buffer: Buffer, end: number): number {
  return tagBytesOf(kind) === 0 ? 0 : buffer.readUInt32LE(end - tagBytes);
}

/** Writes a tag behind a row; gives the place behind it. */
export function writeTag(buffer: Buffer, tag: number, at: number): number {
  return buffer.writeUInt32LE(tag, at);
}
