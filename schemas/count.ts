/**
 * What a count looks like, as it is asked for and as it is answered (docs/prefect-facts.md, "Counts").
 */
import type { Filter } from './filter.ts';

export const countables = ['day', 'time', 'event', 'resource'] as const;
export type Countable = (typeof countables)[number];
/** Before the name of a label, as a countable of our own: `label:region`. */
export const labelCountable = 'label:';
/** By the names of the labels: an event counts once for each label that its resource has. */
export const labelNamesCountable = 'label';

export const timeUnits = ['week', 'day', 'hour', 'minute', 'second'] as const;
export type TimeUnit = (typeof timeUnits)[number];

export const bucketsMax = 1000;
export const timeIntervalMin = 0.01;

/** By the value of a label of the resource; null: by the names of its labels. */
export interface ByLabel {
  readonly label: string | null;
}

export interface CountRequest {
  readonly filter: Filter;
  readonly countable: Countable | ByLabel;
  readonly unit: TimeUnit;
  /** In units; finite, at least `timeIntervalMin`. */
  readonly interval: number;
  /** So many of the largest groups; null, or none, for all. Buckets of time are always all. */
  readonly groupsMax?: number | null;
}

/** One that stays live. The filter's `until` is null where it is open: then the window ends now. */
export interface LiveCountRequest extends CountRequest {
  /** Length of a window that slides, in milliseconds; null where the filter says the window. */
  readonly lastMs: number | null;
}

/** One group, its fields named and ordered as in the answer. */
export interface Count {
  readonly value: string;
  readonly label: string;
  readonly count: number;
  /** Canonical UTC times; a group of events gives its first and last `occurred`, a bucket its two ends. */
  readonly start_time: string;
  readonly end_time: string;
}

/**
 * The answer in parts, each the JSON text of one or more counts with a comma behind each, or the sentence of its
 * `{"detail":…}` 422.
 */
export type CountOutcome =
  | { readonly ok: true; readonly counts: AsyncIterable<Uint8Array> }
  | { readonly ok: false; readonly tooManyBuckets: string };
