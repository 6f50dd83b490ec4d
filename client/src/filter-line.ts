/**
 * The one-line filter: what a person types, on the command line and on the page, to and from a filter of the API.
 *
 *     line  = [term *(WS term)]      term  = ["-"] (field ":" value | key "=" value | value)
 *     field = event | resource | related | any | id | text | since | until
 *     value = bare | "quoted with \" and \\"
 *
 * Different fields are ANDed, the same field or key again is ORed, negated terms are ANDed. What the API cannot say is
 * refused with a sentence.
 */
import { readEntry } from './filter-line-entry.ts';
import { FilterLineError } from './filter-line-error.ts';
import { quoteIfNeeded, splitTerms, type Term } from './filter-line-terms.ts';
import { textOfWord } from './filter-line-text.ts';
import { refuseBadTime } from './filter-line-time.ts';
import type { FilterLine, LineFilter, LineParts } from './filter-line-types.ts';

const fields = ['event', 'resource', 'related', 'any', 'id', 'text', 'since', 'until'] as const;
type Field = (typeof fields)[number];

const textCharactersMax = 200;

/** Throws FilterLineError, whose message is one sentence for the person who typed the line. */
export function parseFilterLine(line: string): FilterLine {
  const parts = emptyParts();
  for (const term of splitTerms(line)) addTerm(parts, term);
  return lineOf(parts);
}

export function emptyParts(): LineParts {
  return {
    event: { name: [], prefix: [], exclude_name: [], exclude_prefix: [] },
    resource: { id: [], id_prefix: [], labels: new Map() },
    related: [],
    any_resource: [],
    id: [],
    text: [],
  };
}

/** Adds one term. Throws FilterLineError. */
export function addTerm(parts: LineParts, { isNegated, name, separator, value, isQuoted }: Term): void {
  if (separator === '=') addLabel(parts, name, value, isNegated);
  else if (separator === ':') addField(parts, fieldNamed(name, value), value, isNegated);
  else parts.text.push(textOfWord(value, isNegated, isQuoted));
}

function fieldNamed(name: string, value: string): Field {
  const field = fields.find((known) => known === name);
  if (field !== undefined) return field;
  throw new FilterLineError(
    `There is no field "${name}" (there are ${fields.join(', ')}). To search for it as text, quote it: ` +
      `${quoteIfNeeded(`${name}:${value}`, true)}.`,
  );
}

function addField(parts: LineParts, field: Field, value: string, isNegated: boolean): void {
  if (value === '') throw new FilterLineError(`${field}: needs a value behind it, as ${field}:something.`);
  if (isNegated && field !== 'event') {
    throw new FilterLineError(
      `-${field}: cannot be said: only names of events (-event:x), labels (-key=value) and words can be left out.`,
    );
  }
  if (field === 'event') addEvent(parts, value, isNegated);
  else if (field === 'resource') addId(parts.resource, value);
  else if (field === 'related') parts.related.push(readEntry('related', value));
  else if (field === 'any') parts.any_resource.push(readEntry('any', value));
  else if (field === 'id' || field === 'text') parts[field].push(value);
  else addTime(parts, field, value);
}

function addTime(parts: LineParts, field: 'since' | 'until', value: string): void {
  refuseBadTime(field, value);
  if (parts[field] !== undefined) throw new FilterLineError(`${field}: stands there twice; once is enough.`);
  parts[field] = value;
}

function addEvent({ event }: LineParts, value: string, isNegated: boolean): void {
  const prefix = prefixOf('event', value);
  if (prefix === null) event[isNegated ? 'exclude_name' : 'name'].push(value);
  else event[isNegated ? 'exclude_prefix' : 'prefix'].push(prefix);
}

function addId(into: { id: string[]; id_prefix: string[] }, value: string): void {
  const prefix = prefixOf('resource', value);
  if (prefix === null) into.id.push(value);
  else into.id_prefix.push(prefix);
}

/** What stands before the star at its end; null without one. */
function prefixOf(field: string, value: string): string | null {
  const star = value.indexOf('*');
  if (star < 0) return null;
  if (star === value.length - 1 && star > 0) return value.slice(0, star);
  throw new FilterLineError(
    `${field}:${value} cannot be said: a star can only stand at the end, behind the beginning of a name.`,
  );
}

function addLabel({ resource }: LineParts, key: string, value: string, isNegated: boolean): void {
  if (key === '') throw new FilterLineError(`A label needs its name before the "=", as region=eu.`);
  if (isNegated && value.startsWith('!')) {
    throw new FilterLineError(`-${key}=${value} says "not" twice: leave the "-" or the "!" out.`);
  }
  const patterns = resource.labels.get(key) ?? [];
  patterns.push(isNegated ? `!${value}` : value);
  resource.labels.set(key, patterns);
  if (patterns.length > 1 && patterns.some((pattern) => pattern.startsWith('!'))) {
    throw new FilterLineError(
      `Several terms of the label ${key}, one of them negated, cannot be said: to the API one that fits is enough.`,
    );
  }
}

/** What the terms say together. Throws FilterLineError where the API cannot say it. */
export function lineOf(parts: LineParts): FilterLine {
  refuseMixture('event', parts.event.name, parts.event.prefix);
  refuseMixture('resource', parts.resource.id, parts.resource.id_prefix);
  const query = parts.text.join(' ');
  if (query.length > textCharactersMax) {
    throw new FilterLineError(
      `The text to search for has ${query.length} characters; ${textCharactersMax} are allowed.`,
    );
  }
  const filter: LineFilter = {
    ...part('event', filled(parts.event)),
    ...part('resource', {
      ...filled({ id: parts.resource.id, id_prefix: parts.resource.id_prefix }),
      ...part('labels', Object.fromEntries(parts.resource.labels)),
    }),
    ...(parts.related.length > 0 && { related: parts.related }),
    ...(parts.any_resource.length > 0 && { any_resource: parts.any_resource }),
    ...(parts.id.length > 0 && { id: { id: parts.id } }),
    ...(query !== '' && { text: { query } }),
  };
  return {
    filter,
    ...(parts.since !== undefined && { since: parts.since }),
    ...(parts.until !== undefined && { until: parts.until }),
  };
}

function refuseMixture(field: string, whole: readonly string[], prefixes: readonly string[]): void {
  if (whole.length === 0 || prefixes.length === 0) return;
  throw new FilterLineError(
    `${field}:${whole[0]} or ${field}:${prefixes[0]}* cannot be said: the API would want both. Ask for whole ` +
      `ones or for beginnings, or ask twice.`,
  );
}

function filled<Lists extends Record<string, readonly string[]>>(lists: Lists): Partial<Lists> {
  // The lists that are empty are left out, and nothing else is changed.
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)) as Partial<Lists>;
}

function part<Name extends string, Value extends object>(name: Name, value: Value): { [Key in Name]?: Value } {
  // A part without anything in it is left out.
  return (Object.keys(value).length === 0 ? {} : { [name]: value }) as { [Key in Name]?: Value };
}
