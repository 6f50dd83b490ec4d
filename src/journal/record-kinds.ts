/**
 * The kinds of the journal's records. Seq and payload of each:
 *
 *   event               its seq; its row (event-log/row.ts)
 *   cleanStop           the newest event's seq; nothing. Written last, after all before it was synced
 *   synced              a seq; nothing. In fsync mode: when it was written, all up to its seq was synced
 *   parked              the newest event's seq; the row of an event that may be a repeat, its number for a seq
 *   parkedSettled       the newest event's seq; the number of a parked event that waits no more, as text
 *   applied             the newest event's seq; of a replica: how far it has applied the shared log (applied-marks.ts)
 *   tagged              as event, and behind its row the tag of its forced label (u32)
 *   taggedParked        as parked, and behind its row the tag
 *   fromPrefect         as event, of one that a Prefect server handed on: it is not sent back there
 *   parkedFromPrefect   as parked, of such an event
 *   taggedFromPrefect   as tagged, of such an event
 *   taggedParkedFromPrefect   as taggedParked, of such an event
 *
 * A number never changes its meaning. Those from 13 on are free.
 */
export const recordKinds = {
  event: 1,
  cleanStop: 2,
  synced: 3,
  parked: 4,
  parkedSettled: 5,
  fromPrefect: 6,
  parkedFromPrefect: 7,
  applied: 8,
  tagged: 9,
  taggedParked: 10,
  taggedFromPrefect: 11,
  taggedParkedFromPrefect: 12,
} as const;

/** Of a tag behind a row. */
const tagBytes = 4;

/** Whether a record of this kind is an event with a seq of its own: all that read the journal ask this. */
export function isEventKind(kind: number): boolean {
  return isOwnEventKind(kind) || kind === recordKinds.fromPrefect || kind === recordKinds.taggedFromPrefect;
}

/** Whether it is an event that did not come from a Prefect server. */
export function isOwnEventKind(kind: number): boolean {
  return kind === recordKinds.event || kind === recordKinds.tagged;
}

export function isParkedKind(kind: number): boolean {
  return (
    kind === recordKinds.parked ||
    kind === recordKinds.taggedParked ||
    kind === recordKinds.parkedFromPrefect ||
    kind === recordKinds.taggedParkedFromPrefect
  );
}

/** Of a parked event: whether a Prefect server handed it on. */
export function isParkedFromPrefect(kind: number): boolean {
  return kind === recordKinds.parkedFromPrefect || kind === recordKinds.taggedParkedFromPrefect;
}

/** Of an event with this tag, 0 for none. */
export function eventKindOf(tag: number, isFromPrefect: boolean) {
  if (isFromPrefect) return tag === 0 ? recordKinds.fromPrefect : recordKinds.taggedFromPrefect;
  return tag === 0 ? recordKinds.event : recordKinds.tagged;
}

/** The same of a parked event. */
export function parkedKindOf(tag: number, isFromPrefect: boolean) {
  if (isFromPrefect) return tag === 0 ? recordKinds.parkedFromPrefect : recordKinds.taggedParkedFromPrefect;
  return tag === 0 ? recordKinds.parked : recordKinds.taggedParked;
}

/** Bytes behind the row in the payload of such a record: all kinds from `tagged` on have a tag. */
export function tagBytesOf(kind: number): number {
  return kind >= recordKinds.tagged ? tagBytes : 0;
}

/** The tag at the end of a record of this kind; 0 for none. */
export function tagBefore(kind: number, buffer: Buffer, end: number): number {
  return tagBytesOf(kind) === 0 ? 0 : buffer.readUInt32LE(end - tagBytes);
}

/** Writes a tag behind a row; gives the place behind it. */
export function writeTag(buffer: Buffer, tag: number, at: number): number {
  return buffer.writeUInt32LE(tag, at);
}
