/**
 * Slots of time, a tenth of a second wide: open windows end with one, and what occurs behind that waits by its slot.
 */
import { type ExactTime, momentBefore, textOf } from './exact-time.ts';

/** Frames come no closer together. */
export const slotMs = 100;
/** The same in each second. */
export const slotMicros = slotMs * 1000;

/** The last microsecond of a slot. */
export interface SlotEnd extends ExactTime {
  readonly text: string;
}

const known = { endMs: 0, end: makeEnd(0) };

/** Of the last slot that is over: one object for all who ask within the next one. Milliseconds since 1970. */
export function lastSlotEnd(nowMs: number): SlotEnd {
  const endMs = nowMs - (nowMs % slotMs);
  if (endMs !== known.endMs) known.end = makeEnd(endMs);
  known.endMs = endMs;
  return known.end;
}

/** The number of the slot that holds a moment. */
export function slotOf({ seconds, micros }: ExactTime): number {
  return seconds * (1_000_000 / slotMicros) + Math.floor(micros / slotMicros);
}

function makeEnd(endMs: number): SlotEnd {
  const end = momentBefore(endMs);
  return { ...end, text: textOf(end) };
}
