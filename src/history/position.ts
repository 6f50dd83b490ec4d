/**
 * Where a subscriber stands, as plain text for clients that resume: a seq once it is past history, else a place in
 * history's order. With the token of its connection (epoch and range) it names one point of one feed (I3).
 */
import { formatTimeForClickHouse, parseClickHouseTime } from '../filter/time.ts';

/** A row in ClickHouse's order of (occurred, id), both as ClickHouse prints them. */
export interface Place {
  readonly occurred: string;
  readonly id: string;
}

/** All up to this seq was given; or all of history up to this row; or nothing of history yet. */
export type Position = number | Place | 'start';

/** A position as it goes out: a number, or a text without white space. */
export function positionText(position: Position): number | string {
  return typeof position === 'object' ? `${parseClickHouseTime(position.occurred)}/${position.id}` : position;
}

const place =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?Z)\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

/** What `positionText` made; a seq may also come as text. Null for anything else. */
export function parsePosition(given: number | string): Position | null {
  if (given === 'start') return given;
  if (typeof given === 'number' || /^\d{1,16}$/.test(given)) {
    const seq = Number(given);
    return Number.isSafeInteger(seq) && seq >= 0 ? seq : null;
  }
  const [, occurred = '', id = ''] = place.exec(given) ?? [];
  // The year 0000, or a 31st of June, would be an error of ClickHouse's later.
  if (id === '' || occurred < '0001' || !isDate(occurred)) return null;
  return { occurred: formatTimeForClickHouse(occurred), id };
}

/** The place of an event by its own fields; null for what no event has. */
export function parsePlace(occurred: string, id: string): Place | null {
  const position = parsePosition(`${occurred}/${id}`);
  return typeof position === 'object' ? position : null;
}

function isDate(occurred: string): boolean {
  const date = new Date(`${occurred.slice(0, 19)}Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 19) === occurred.slice(0, 19);
}
