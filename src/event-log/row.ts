/**
 * The row of an event: one TSVRaw line that the journal keeps as payload and ClickHouse takes as it is (I2).
 * `seq \t id \t received \t occurred \t head \t search \t raw \n`; no column holds a tab or a line feed.
 */

/** The columns of a row as text. */
export interface Row {
  readonly seq: number;
  /** Lower case with dashes. */
  readonly id: string;
  /** `YYYY-MM-DD hh:mm:ss.ffffff`, UTC. */
  readonly received: string;
  readonly occurred: string;
  /** UTF-8 bytes of the part of `raw` before `,"payload"`. */
  readonly head: number;
  readonly search: string;
  readonly raw: string;
}

/** A row, and which forced label its event was stored under: 32 bits of a hash, 0 for none. */
export interface TaggedRow extends Row {
  readonly tag: number;
  /** Of a parked event that a Prefect server handed on. */
  readonly isFromPrefect?: true;
}

export const idCharacters = 36;
export const timeCharacters = 26;
const tab = '\t';
const tabByte = 9;
const lineFeedByte = 10;

export function formatRow(row: Row): string {
  return `${row.seq}\t${row.id}\t${row.received}\t${row.occurred}\t${row.head}\t${row.search}\t${row.raw}\n`;
}

/** The columns of a line, its line feed optional. Throws if it is no row. */
export function splitRow(line: string): Row {
  const end = line.endsWith('\n') ? line.length - 1 : line.length;
  const ends: number[] = [];
  for (let at = line.indexOf(tab); at >= 0 && ends.length < 6; at = line.indexOf(tab, at + 1)) ends.push(at);
  if (ends.length < 6) throw new Error('a journal row has fewer than seven columns');
  const column = (number: number): string =>
    line.slice(number === 0 ? 0 : ends[number - 1]! + 1, number === 6 ? end : ends[number]);
  return {
    seq: Number(column(0)),
    id: column(1),
    received: column(2),
    occurred: column(3),
    head: Number(column(4)),
    search: column(5),
    raw: column(6),
  };
}

/** Where the id of the row that begins at `at` begins; its times follow at fixed distances. */
export function idAt(rows: Buffer, at: number): number {
  return rows.indexOf(tabByte, at) + 1;
}

const dayCharacters = 10;

/** Whether the rows that begin at these places were received on the same UTC day. */
export function isOfSameDay(rows: Buffer, one: number, other: number): boolean {
  const [day, otherDay] = [receivedAt(rows, one), receivedAt(rows, other)];
  return rows.compare(rows, day, day + dayCharacters, otherDay, otherDay + dayCharacters) === 0;
}

/** `received` of the first of these rows, as it stands there. */
export function receivedOf(rows: Buffer): string {
  const at = receivedAt(rows, 0);
  return rows.toString('latin1', at, at + timeCharacters);
}

/** The same in ms since 1970. */
export function receivedMsOf(rows: Buffer): number {
  return Date.parse(`${receivedOf(rows).replace(' ', 'T')}Z`);
}

/** The lines of rows, without their line feeds. */
export function linesOf(rows: Buffer): string[] {
  const lines = rows.toString('utf8').split('\n');
  lines.pop();
  return lines;
}

/** The seq with which a line begins. */
export function seqOf(line: string): number {
  return Number(line.slice(0, line.indexOf(tab)));
}

/** The rows whose seq is not among these. */
export function withoutSeqs(rows: Buffer, seqs: ReadonlySet<number>): Buffer {
  const kept: Buffer[] = [];
  for (let at = 0; at < rows.length; ) {
    const end = rows.indexOf(lineFeedByte, at) + 1 || rows.length;
    const seq = Number(rows.toString('latin1', at, rows.indexOf(tabByte, at)));
    if (!seqs.has(seq)) kept.push(rows.subarray(at, end));
    at = end;
  }
  return Buffer.concat(kept);
}

/** Where `received` begins in the row that begins at `at`. */
function receivedAt(rows: Buffer, at: number): number {
  return idAt(rows, at) + idCharacters + 1;
}
