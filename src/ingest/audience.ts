/**
 * Whether anybody hears of an event once it is durable (I5). With nobody there none is kept for live delivery: those of
 * a turn are most of what a collection of garbage has to move.
 */
import type { StoredEvent } from '../../schemas/stored-event.ts';
import type { LiveBus } from './live-bus.ts';

export interface Audience {
  isThere(): boolean;
  /** A committed event, for an audience that came while the event waited for its commit. */
  readBack(seq: number): StoredEvent;
}

/** An event that waits to be handed to live delivery. */
export interface AppendedEvent {
  readonly seq: number;
  /** Of its text, at most. */
  readonly bytes: number;
  /** It had waited to be looked up: it was counted when it came. */
  readonly wasParked: boolean;
  /** Null if there was no audience for it. To be looked at before it has been handed out. */
  readonly event: StoredEvent | null;
}

/**
 * Hands durable events to live delivery, in seq order. Without `audience` all of them were kept. Throws what `readBack`
 * throws: nobody may miss an event.
 */
export function handOut(live: LiveBus, batch: readonly AppendedEvent[], audience?: Audience): void {
  const last = batch.at(-1);
  if (last === undefined) return;
  if (audience?.isThere() === false) live.pass(last.seq);
  else live.publish(eventsOf(batch, audience));
}

function eventsOf(batch: readonly AppendedEvent[], audience: Audience | undefined): readonly StoredEvent[] {
  const events: StoredEvent[] = [];
  for (const { seq, event } of batch) {
    const kept = event ?? audience?.readBack(seq);
    if (kept !== undefined) events.push(kept);
  }
  return events;
}
