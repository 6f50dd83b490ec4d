/**
 * How an event of the shared dead letter stands in its message: a line of JSON, and its row. Of one that was dropped
 * (version 2) only a part of the row is left (dropped-row.ts).
 */
import type { StoredMsg } from '@nats-io/jetstream';
import { StartRefused } from '../base/errors.ts';
import { droppedRow } from '../table-writer/dropped-row.ts';
import type { DeadEvent } from '../table-writer/ports.ts';

export interface FoundEvent {
  readonly event: DeadEvent;
  readonly isDropped: boolean;
}

export function textOfEvent({ seq, epoch, reason, row }: Omit<DeadEvent, 'at'>): string {
  return textOf(1, { seq, epoch, at: new Date().toISOString(), reason, row });
}

/** With what is left of it. */
export function textOfDropped(event: DeadEvent): string {
  return textOf(2, { ...event, row: droppedRow(event.row) });
}

function textOf(version: number, { seq, epoch, at, reason, row }: DeadEvent): string {
  return `${JSON.stringify({ version, seq, epoch, at, reason })}\n${row}`;
}

/** Throws StartRefused for one that is not as written. */
export function eventOf(message: StoredMsg): FoundEvent {
  const text = message.string();
  const end = text.indexOf('\n');
  const { version, seq, epoch, at, reason } = JSON.parse(text.slice(0, end)) as Record<string, unknown>; // checked next
  const isEpoch = epoch === null || typeof epoch === 'string';
  const isText = typeof at === 'string' && typeof reason === 'string';
  if ((version !== 1 && version !== 2) || !isText || !isEpoch || !Number.isSafeInteger(seq)) {
    throw new StartRefused(`Message ${message.seq} of the dead letter is of a version that this Sluice does not know.`);
  }
  const event = { seq: seq as number, epoch, at, reason, row: text.slice(end + 1) }; // was checked just now
  return { event, isDropped: version === 2 };
}
