/** The filter of a call: the words of a one-line filter and the flags, which are the same terms. */
import type { EventFilter } from '../client/src/event-filter.ts';
import { addTerm, emptyParts, lineOf } from '../client/src/filter-line.ts';
import { FilterLineError } from '../client/src/filter-line-error.ts';
import { splitTerms, type Term } from '../client/src/filter-line-terms.ts';
import { timeOf } from '../client/src/filter-line-time.ts';
import type { FilterLine } from '../client/src/filter-line-types.ts';
import { type Call, listOption, textOption } from './command-row.ts';
import { UsageError } from './exit-codes.ts';

/** The flags that are terms, by the name of their field. */
const termOptions = ['event', 'resource', 'related', 'any', 'text', 'id'] as const;

type Asked = Pick<Call, 'words' | 'options'>;

/** `words` are those of the line. Throws UsageError. */
export function readFilter(call: Asked, nowMs: number, words = call.words): EventFilter {
  try {
    const json = textOption(call, 'filter');
    const { filter, since, until } = readLine(call, words);
    const occurred = {
      ...(since !== undefined && { since: timeOf('since', since, nowMs) }),
      ...(until !== undefined && { until: timeOf('until', until, nowMs) }),
    };
    if (json === undefined) return Object.keys(occurred).length === 0 ? filter : { ...filter, occurred };
    if (Object.keys(filter).length > 0) {
      throw new UsageError('--filter goes alone, but for --since and --until: put all of it into the JSON, or none.');
    }
    const given = parseJsonFilter(json);
    return Object.keys(occurred).length === 0 ? given : { ...given, occurred: { ...given.occurred, ...occurred } };
  } catch (error) {
    throw error instanceof FilterLineError ? new UsageError(error.message, { cause: error }) : error;
  }
}

/** Of a command that follows: where it begins is asked of the server apart from what it wants. */
export function readFollowed(call: Asked, nowMs: number): { readonly filter: EventFilter; readonly since?: string } {
  const { occurred: { since, until } = {}, ...parts } = readFilter(call, nowMs);
  const filter = until === undefined ? parts : { ...parts, occurred: { until } };
  return since === undefined ? { filter } : { filter, since };
}

/** Terms and flags as one filter, its window as typed. Throws FilterLineError or UsageError. */
export function readLine(call: Asked, words = call.words): FilterLine {
  const parts = emptyParts();
  for (const term of splitTerms(words.join(' '))) addTerm(parts, term);
  for (const name of termOptions) {
    for (const value of listOption(call, name)) addTerm(parts, termOf(name, ':', value));
  }
  for (const label of listOption(call, 'label')) {
    const cut = label.indexOf('=');
    if (cut < 1) throw new UsageError(`-l ${label} is no label: give one as region=eu.`);
    addTerm(parts, termOf(label.slice(0, cut), '=', label.slice(cut + 1)));
  }
  for (const name of ['since', 'until'] as const) {
    const value = textOption(call, name);
    if (value !== undefined) addTerm(parts, termOf(name, ':', value));
  }
  return lineOf(parts);
}

function termOf(name: string, separator: ':' | '=', value: string): Term {
  return { isNegated: false, name, separator, value, isQuoted: false };
}

function parseJsonFilter(text: string): EventFilter {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`--filter is no JSON: give an object as '{"event":{"prefix":["door."]}}'.`, { cause });
  }
  // What is in it, the server checks, and names each mistake.
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as EventFilter;
  throw new UsageError(`--filter must be an object, as '{"event":{"prefix":["door."]}}'.`);
}
