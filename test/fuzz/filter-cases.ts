/**
 * Filters as hostile askers send them: every field in every shape, and lists, globs, terms and prefixes that are dear
 * to match.
 */
import type { Case } from './event-cases.ts';
import { allShapes, fill, type Shape, textShapes, valueShapes } from './shapes.ts';

const within = (path: readonly string[], json: string): string =>
  path.reduceRight((inner, field) => `{"${field}":${inner}}`, json);

const fields: readonly (readonly string[])[] = [
  ...['since', 'until'].map((field) => ['occurred', field]),
  ...['prefix', 'exclude_prefix', 'name', 'exclude_name'].map((field) => ['event', field]),
  ...['id', 'id_prefix', 'labels', 'distinct'].map((field) => ['resource', field]),
  ...['id', 'role', 'resources_in_roles', 'labels'].map((field) => ['related', field]),
  ...['id', 'id_prefix', 'labels'].map((field) => ['any_resource', field]),
  ...[
    ['id', 'id'],
    ['text', 'query'],
    ['occurred'],
    ['event'],
    ['resource'],
    ['related'],
    ['any_resource'],
    ['id'],
    ['text'],
    ['order'],
    ['unknown'],
  ],
];

const lists = fields.filter(([, field]) =>
  ['prefix', 'exclude_prefix', 'name', 'exclude_name', 'id', 'id_prefix', 'role'].includes(field ?? ''),
);

/** JSON texts of so many characters together, all different. */
const different = (of: (nth: number) => string, size: number): string => {
  const items: string[] = [];
  for (let length = 0; length < size; length += items.at(-1)!.length + 1) items.push(JSON.stringify(of(items.length)));
  return `[${items.join(',')}]`;
};
const shuffled = (nth: number): string => ((nth * 2_654_435_761) % 2 ** 32).toString(36);

export const filterCases: readonly Case[] = [
  ...fields.flatMap((path) => allShapes.map((shape) => put(path.join('.'), (json) => within(path, json), shape))),
  ...lists.flatMap((path) =>
    textShapes.map((shape) => put(`${path.join('.')}, in a list`, (json) => within(path, `[${json}]`), shape)),
  ),
  ...lists.map((path) => listCase(path, 'different texts', shuffled)),
  ...lists.map((path) => listCase(path, 'texts of one length', (nth) => shuffled(nth).padStart(7, '0'))),
  ...lists.map((path) =>
    listCase(
      path,
      'UUIDs',
      (nth) => `00000000-0000-4000-8000-${shuffled(nth).padStart(12, '0').replaceAll(/[g-z]/g, 'a')}`,
    ),
  ),
  ...lists.map((path) => listCase(path, 'texts that begin with each other', (nth) => 'a'.repeat(nth % 1000))),
  ...textShapes.map((shape) => put('a label', (json) => within(['resource', 'labels', 'l'], json), shape)),
  ...valueShapes.map((shape) => put('a label', (json) => within(['any_resource', 'labels', 'l'], json), shape)),
  ...[shuffled, (nth: number) => `*${shuffled(nth)}`, (nth: number) => `!${shuffled(nth)}*`].map((of) =>
    listCase(['resource', 'labels', 'l'], `values like ${of(1)}`, of),
  ),
  {
    name: 'pairs',
    of: (size) =>
      within(['related', 'resources_in_roles'], different(shuffled, size / 2).replaceAll(/("[^"]*")/g, '[$1,"r"]')),
  },
  { name: 'entries', of: (size) => within(['related'], `[${fill('{"id":["a"]},', size).slice(0, -1)}]`) },
];

/** A filter and an event that it is tried on, each of so many characters. */
export interface Meeting {
  readonly name: string;
  readonly filter: (size: number) => string;
  readonly event: (size: number) => {
    readonly label?: string;
    readonly search?: string;
    readonly name?: string;
    readonly related?: number;
  };
}

const labelled = (json: string): string => within(['resource', 'labels', 'l'], json);
const globs = (count: number, of: (nth: number) => string): string =>
  labelled(JSON.stringify(Array.from({ length: count }, (_, nth) => of(nth))));
/** All globs of one filter. */
const globCharacters = 65_000;
const values: readonly (readonly [name: string, of: (size: number) => string])[] = [
  ['a', (size) => 'a'.repeat(size)],
  ['ab', (size) => fill('ab', size)],
  ['aab', (size) => fill('aab', size)],
  ['💥', (size) => fill('💥', size / 2)],
];

export const meetings: readonly Meeting[] = values.flatMap(([name, of]) =>
  [
    ['one long glob', () => globs(1, () => `*${'a'.repeat(globCharacters - 10)}b`)],
    ['one long glob with a middle', () => globs(1, () => `*${'a'.repeat(globCharacters - 10)}b*`)],
    ['a long start of its own', () => globs(1, () => `*b${'a'.repeat(globCharacters - 10)}*`)],
    ['many stars', () => globs(1, () => `${'*a'.repeat(4000)}*x`)],
    ['nested globs', () => globs(300, (nth) => `*${'a'.repeat(nth % 200)}b`)],
    ['nested middles', () => globs(300, (nth) => `*${'a'.repeat(1 + (nth % 200))}*x`)],
    ['middles that nearly fit', () => globs(300, (nth) => `*${'a'.repeat(1 + (nth % 150))}b${'a'.repeat(nth % 7)}*x*`)],
    ['a thousand short globs', () => globs(1000, (nth) => `*${shuffled(nth)}*`)],
    ['a thousand that nearly fit', () => globs(1000, (nth) => `*a*ab*${nth % 10}*`)],
    ['negated globs', () => globs(100, (nth) => `!*a*${'a'.repeat(nth % 30)}*`)],
    ['wild pieces', () => globs(8, (nth) => `*a?${'a'.repeat(29)}${nth}*`)],
    ['a wild end', () => globs(300, (nth) => `*?a?b${'?'.repeat(nth % 9)}`)],
    ['many beginnings', () => globs(1000, (nth) => `${'a'.repeat(nth % 60)}${nth}*`)],
  ].map(([what, filter]) => ({
    name: `${what as string} on ${name} again and again`,
    filter: filter as () => string,
    event: (size: number) => ({ label: of(size) }),
  })),
);

const queries: readonly (readonly [name: string, query: string])[] = [
  [
    'terms of two letters',
    Array.from({ length: 66 }, (_, nth) => `a${String.fromCharCode(98 + (nth % 25))}`).join(' '),
  ],
  ['terms that must be there', Array.from({ length: 60 }, () => '+a').join(' ')],
  ['a term that nearly fits', `${'a'.repeat(100)}b${'a'.repeat(98)}`],
  ['a term of two units a character', `x${'💥'.repeat(199)}`],
  ['terms in each other', Array.from({ length: 19 }, (_, nth) => 'a'.repeat(nth + 1)).join(' -')],
];

export const textMeetings: readonly Meeting[] = values.flatMap(([name, of]) =>
  queries.map(([what, query]) => ({
    name: `${what} on ${name} again and again`,
    filter: () => within(['text', 'query'], JSON.stringify(query)),
    event: (size) => ({ search: of(size) }),
  })),
);

export const listMeetings: readonly Meeting[] = [
  {
    name: 'prefixes',
    filter: (size) => within(['event', 'prefix'], different(shuffled, size)),
    event: () => ({ name: 'zzzz'.repeat(256) }),
  },
  {
    name: 'prefixes in each other',
    filter: (size) =>
      within(
        ['event', 'exclude_prefix'],
        different((nth) => `${'a'.repeat(nth % 900)}b`, size),
      ),
    event: () => ({ name: 'a'.repeat(1024) }),
  },
  {
    name: 'ids of related',
    filter: (size) => within(['related', 'id'], different(shuffled, size)),
    event: () => ({ related: 100 }),
  },
  {
    name: 'entries',
    filter: () => within(['any_resource'], `[${fill('{"id":["zz"],"labels":{"l":"*b*"}},', 35 * 50).slice(0, -1)}]`),
    event: (size) => ({ related: 100, label: 'a'.repeat(size / 101) }),
  },
];

function put(place: string, around: (json: string) => string, { name, of }: Shape): Case {
  return { name: `${place}: ${name}`, of: (size) => around(of(size)) };
}

function listCase(path: readonly string[], name: string, of: (nth: number) => string): Case {
  return { name: `${path.join('.')}: ${name}`, of: (size) => within(path, different(of, size)) };
}
