/**
 * Live counts on the wire: how one is asked for, and what comes. It imports nothing that a browser lacks.
 */
import type { Count, TimeUnit } from './count.ts';
import type { SentFilter } from './filter.ts';

/** The second message of a subscriber that wants counts, on `/out`, in the place of its filter. */
export interface CountsMessage {
  readonly type: 'counts';
  readonly filter: SentFilter;
  /** `day`, `time`, `event`, `resource` or `label:NAME`. */
  readonly countable: string;
  readonly time_unit?: TimeUnit;
  readonly time_interval?: number;
  /** Only so many of the largest groups; of `time` and `day` all are given. */
  readonly limit?: number;
  /** A window that slides, as `45s`, `10m`, `12h` or `7d`, in the place of the filter's `occurred`. */
  readonly last?: string;
  /** Wants to hear from the server when nothing changes. */
  readonly heartbeats?: boolean;
}

/**
 * The first frame has `whole` and `counts`, those behind it `changed` and `removed`. Any later one may be whole, too:
 * it takes the place of all that came before.
 */
export interface CountsFrame {
  readonly type: 'counts';
  /** The list is that of all events up to here. */
  readonly position: number;
  /** The window of the list, both inclusive. */
  readonly since: string;
  readonly until: string;
  readonly whole?: true;
  /** As POST count-by has them, in its order. */
  readonly counts?: readonly Count[];
  /** What is different from the frame before, in any order. */
  readonly changed?: readonly Count[];
  /** Keys: of `time` and `day` the `start_time`, else the `value`. */
  readonly removed?: readonly string[];
}

/** The order of UTF-8 bytes, in which ClickHouse sorts: that of JavaScript differs beyond U+FFFF. */
export function compareBytes(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at += 1) {
    const left = one.charCodeAt(at);
    const right = other.charCodeAt(at);
    if (left !== right) return rankOf(left) - rankOf(right);
  }
  return one.length - other.length;
}

/** Halves of pairs stand behind all characters that are no halves. */
function rankOf(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** The order of groups in an answer: most first, then by label and value. */
export function compareGroups(one: Count, other: Count): number {
  return other.count - one.count || compareBytes(one.label, other.label) || compareBytes(one.value, other.value);
}
