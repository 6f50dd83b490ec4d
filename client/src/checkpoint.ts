/** Checkpoints as text, and where a subscription begins. */
import { unitMs } from '../../schemas/time-units.ts';
import { parseStreamId, type ResumePoint, streamId, type WirePosition } from '../../schemas/wire.ts';
import type { Checkpoint } from './errors.ts';
import type { EventFilter } from './event-filter.ts';
import type { SubscribeOptions } from './subscription.ts';

export interface Beginning {
  readonly filter: EventFilter;
  readonly backfill: boolean;
  readonly resume: ResumePoint | null;
}

/** The position and its token in one text. A server without positions has no token. */
export function checkpointOf(position: WirePosition, token: string): Checkpoint {
  return streamId(position, token);
}

/** Throws TypeError for a text that is none. */
export function parseCheckpoint(text: Checkpoint): ResumePoint {
  const point = parseStreamId(text);
  if (point === null) throw new TypeError(`Not a checkpoint: ${text.slice(0, 100)}`);
  const { position, token } = point;
  return { token, position: /^\d+$/.test(String(position)) ? Number(position) : position };
}

/** Throws TypeError for a `from` that is none, and for one beside `backfill`. */
export function beginningOf(
  { filter = {}, from, backfill }: Pick<SubscribeOptions, 'filter' | 'from' | 'backfill'>,
  stored: Checkpoint | null,
  nowMs: number,
): Beginning {
  if (from !== undefined && backfill !== undefined) throw new TypeError('from and backfill exclude each other');
  if (from === undefined) {
    return { filter, backfill: backfill ?? true, resume: stored === null ? null : parseCheckpoint(stored) };
  }
  if (from === 'now') return { filter, backfill: false, resume: null };
  if (typeof from === 'string' && from.includes('@')) return { filter, backfill: true, resume: parseCheckpoint(from) };
  return { filter: since(filter, timeOf(from, nowMs)), backfill: true, resume: null };
}

/** The filter with a later `since`; its own `until` stays. */
export function since(filter: EventFilter, time: string): EventFilter {
  return { ...filter, occurred: { ...filter.occurred, since: time } };
}

function timeOf(from: Date | string, nowMs: number): string {
  if (from instanceof Date) return from.toISOString();
  const [, digits, unit] = /^(\d+)([smhd])$/.exec(from) ?? [];
  if (digits !== undefined && unit !== undefined) {
    return new Date(nowMs - Number(digits) * (unitMs[unit] ?? 0)).toISOString();
  }
  if (Number.isNaN(Date.parse(from))) throw new TypeError(`from: neither a time, a duration nor a checkpoint: ${from}`);
  return from;
}
