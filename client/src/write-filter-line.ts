/**
 * Writes a filter as the line that says it (filter-line.ts). What no line says is refused, by reading the line back.
 */
import { parseFilterLine } from './filter-line.ts';
import { entryText } from './filter-line-entry.ts';
import { FilterLineError } from './filter-line-error.ts';
import { quoteIfNeeded } from './filter-line-terms.ts';
import { wordsOfText } from './filter-line-text.ts';
import type { FilterLine } from './filter-line-types.ts';

/** `parseFilterLine` gives the same filter back. Throws FilterLineError where no line says it. */
export function writeFilterLine(said: FilterLine): string {
  const line = termsOfLine(said).join(' ');
  if (isSame(parsedOrNull(line), said)) return line;
  throw new FilterLineError('This filter cannot be said in a line: give it as JSON.');
}

function termsOfLine({ filter, since, until }: FilterLine): string[] {
  const { event, resource, related, any_resource: any, id, text } = filter;
  return [
    ...termsOf('event', event?.name),
    ...termsOf('event', event?.prefix, '*'),
    ...termsOf('-event', event?.exclude_name),
    ...termsOf('-event', event?.exclude_prefix, '*'),
    ...termsOf('resource', resource?.id),
    ...termsOf('resource', resource?.id_prefix, '*'),
    ...Object.entries(resource?.labels ?? {}).flatMap(([key, patterns]) => patterns.map((each) => label(key, each))),
    ...termsOf(
      'related',
      related?.map((entry) => entryText('related', entry)),
    ),
    ...termsOf(
      'any',
      any?.map((entry) => entryText('any', entry)),
    ),
    ...termsOf('id', id?.id),
    ...(text === undefined ? [] : wordsOfText(text.query)),
    ...(since === undefined ? [] : termsOf('since', [since])),
    ...(until === undefined ? [] : termsOf('until', [until])),
  ];
}

function termsOf(name: string, values: readonly string[] = [], end = ''): string[] {
  return values.map((value) => `${name}:${quoteIfNeeded(value + end)}`);
}

function label(key: string, pattern: string): string {
  const isNegated = pattern.startsWith('!') && !pattern.startsWith('!!');
  const name = quoteIfNeeded(key, /^-|[:=]/.test(key));
  return `${isNegated ? '-' : ''}${name}=${quoteIfNeeded(isNegated ? pattern.slice(1) : pattern)}`;
}

function parsedOrNull(line: string): FilterLine | null {
  try {
    return parseFilterLine(line);
  } catch (error) {
    if (error instanceof FilterLineError) return null;
    throw error;
  }
}

/** As JSON, in whatever order the keys stand. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, inner]) => [key, sorted(inner)]);
}
