/**
 * The stored events of rows, each read whole and at once: what the readers that decode only what is asked for are held
 * against.
 */
import type { EventBody } from '../schemas/event.ts';
import type { StoredEvent } from '../schemas/stored-event.ts';
import { splitRow } from '../src/event-log/row.ts';

/** The stored event of a line. */
export function parseRow(line: string): StoredEvent {
  const { seq, search, raw } = splitRow(line);
  return { seq, search, raw, body: JSON.parse(raw) as EventBody }; // canonical text that accept has checked
}

/** The stored events of lines back to back. */
export function eventsOf({ rows }: { readonly rows: Buffer }): StoredEvent[] {
  return rows
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map(parseRow);
}

/** An event as plain values, whoever holds it. */
export function shown({ seq, raw, search, body }: StoredEvent): StoredEvent {
  const { occurred, event, resource, related, payload, id, follows } = body;
  return { seq, raw, search, body: { occurred, event, resource, related, payload, id, follows } };
}
