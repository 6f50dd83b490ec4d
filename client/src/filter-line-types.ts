/**
 * What a one-line filter holds: the part of the API's filter that it can say, in the form in which it is sent.
 */
import type { SentFilter } from '../../schemas/filter.ts';

/** Label → one pattern or several, of which one must fit. */
export type LineLabels = Readonly<Record<string, readonly string[]>>;

/** One entry of `related` or `any_resource`. */
export interface LineEntry {
  readonly id?: readonly string[];
  readonly id_prefix?: readonly string[];
  readonly role?: readonly string[];
  readonly labels?: LineLabels;
}

/** The part of the API's filter that a line can say, as it is sent, without its window. */
export interface LineFilter extends Pick<SentFilter, 'event' | 'text'> {
  readonly resource?: {
    readonly id?: readonly string[];
    readonly id_prefix?: readonly string[];
    readonly labels?: LineLabels;
  };
  readonly related?: readonly LineEntry[];
  readonly any_resource?: readonly LineEntry[];
  readonly id?: { readonly id: readonly string[] };
}

/** A filter and its window as typed: a time of ISO 8601, or a time ago as `10m`. */
export interface FilterLine {
  readonly filter: LineFilter;
  readonly since?: string;
  readonly until?: string;
}

/** The parts of a line while it is read: term by term, as flags too. */
export interface LineParts {
  readonly event: Record<'name' | 'prefix' | 'exclude_name' | 'exclude_prefix', string[]>;
  readonly resource: { id: string[]; id_prefix: string[]; labels: Map<string, string[]> };
  readonly related: LineEntry[];
  readonly any_resource: LineEntry[];
  readonly id: string[];
  readonly text: string[];
  since?: string;
  until?: string;
}
