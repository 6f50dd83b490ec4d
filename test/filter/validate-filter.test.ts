import { expect, test } from 'vitest';
import type { Filter } from '../../schemas/filter.ts';
import type { ValidationIssue } from '../../schemas/validation-issue.ts';
import { defaultFilter, validateFilter } from '../../src/filter/validate-filter.ts';
import { readFixture } from './read-fixture.ts';

const now = new Date('2026-11-22T18:30:15.250Z');
const options = { loc: [], now, openEnded: false };

function valid(input: unknown, openEnded = false): Filter {
  const checked = validateFilter(input, { ...options, openEnded });
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  return checked.value;
}

test('every filter is refused in the words and the order of Prefect, or taken as it takes it', () => {
  for (const { filter, issues } of readFixture<{ filter: unknown; issues: ValidationIssue[] }>('filter-errors')) {
    const checked = validateFilter(filter, options);
    expect(checked.ok ? [] : checked.issues, JSON.stringify(filter)).toEqual(issues);
  }
});

test('issues begin at the given location, and their fields stand in the order of the wire', () => {
  const checked = validateFilter({ occurred: { since: 'yesterday' } }, { ...options, loc: ['body', 'filter'] });
  expect(JSON.stringify(checked)).toBe(
    '{"ok":false,"issues":[{"type":"value_error","loc":["body","filter","occurred","since"],' +
      '"msg":"Value error, Unable to parse string [yesterday]","input":"yesterday","ctx":{"error":{}}}]}',
  );
});

test('a filter that says nothing is the last 180 days, newest first, up to this very millisecond', () => {
  const { occurred, order, text, related } = valid({});
  expect(occurred).toEqual({ since: '2026-05-26T00:00:00Z', until: '2026-11-22T18:30:15.250999Z' });
  expect({ order, text, related }).toEqual({ order: 'DESC', text: null, related: [] });
  for (const open of [false, true]) expect(valid({}, open)).toEqual(defaultFilter({ now, openEnded: open }));
  expect(defaultFilter({ now, openEnded: false })).toEqual({
    occurred,
    event: { prefix: [], excludePrefix: [], name: [], excludeName: [] },
    resource: { id: [], idPrefix: [], labels: {}, distinct: false },
    related: [],
    anyResource: [],
    id: [],
    text: null,
    order: 'DESC',
  });
});

test('distinct is what each word for true or false says', () => {
  const distinct = (word: unknown) => valid({ resource: { distinct: word } }).resource.distinct;
  for (const word of ['1', 't', 'true', 'y', 'yes', 'on', 'TRUE', 'On', 1, true])
    expect([word, distinct(word)]).toEqual([word, true]);
  for (const word of ['0', 'f', 'false', 'n', 'no', 'off', 'No', 0, false])
    expect([word, distinct(word)]).toEqual([word, false]);
});

test('a filter that is wrong otherwise is told so first: bounds are looked at when all else is right', () => {
  const labels = Object.fromEntries(Array.from({ length: 501 }, (_, nth) => [`l${nth}`, 'v']));
  const typesOf = (filter: unknown) => {
    const checked = validateFilter(filter, options);
    return checked.ok ? [] : checked.issues.map(({ type }) => type);
  };
  expect(typesOf({ resource: { labels } })).toEqual(['too_many_labels']);
  expect(typesOf({ resource: { labels }, order: 'x' })).toEqual(['enum']);
});

test('a list of too many entries is refused with its length and the bound', () => {
  const checked = validateFilter({ related: Array(51).fill({ id: ['a'] }) }, options);
  expect(checked.ok ? [] : checked.issues).toEqual([
    {
      type: 'too_long',
      loc: ['related'],
      msg: 'List should have at most 50 items after validation, not 51',
      input: null,
      ctx: { field_type: 'List', max_length: 50, actual_length: 51 },
    },
  ]);
});

test('an open-ended filter without an until has none, and keeps one that is sent', () => {
  expect(valid({}, true).occurred.until).toBeNull();
  expect(valid({ occurred: { until: '9999-12-31' } }, true).occurred.until).toBe('9999-12-31T00:00:00Z');
});

test('ids are taken with and without dashes and kept in one form', () => {
  const id = '12345678-1234-1234-1234-123456789abc';
  expect(valid({ id: { id: [id.toUpperCase(), id.replaceAll('-', '')] } }).id).toEqual([id, id]);
});

test('any label is a label, __proto__ too', () => {
  const sent = JSON.parse('{"resource":{"labels":{"__proto__":"a","toString":["b","c"]}}}');
  expect(Object.entries(valid(sent).resource.labels)).toEqual([
    ['__proto__', ['a']],
    ['toString', ['b', 'c']],
  ]);
});

test('an id or role label without a value is no condition; a related entry of such wants a related resource', () => {
  const labels = (given: unknown) => ({ ...valid({ related: { labels: given } }).related[0]?.labels });
  expect(labels({ 'prefect.resource.id': '', env: 'x' })).toEqual({ 'prefect.resource.id': ['*'], env: ['x'] });
  expect(labels({ 'prefect.resource.role': [] })).toEqual({ 'prefect.resource.id': ['*'] });
  expect(labels({ 'prefect.resource.role': '', 'prefect.resource.id': 'a' })).toEqual({ 'prefect.resource.id': ['a'] });
  expect(labels({ 'prefect.resource.role': 'flow' })).toEqual({ 'prefect.resource.role': ['flow'] });
});

test('the primary resource has no role: its label fits nothing', () => {
  expect({ ...valid({ resource: { labels: { 'prefect.resource.role': '*' } } }).resource.labels }).toEqual({
    'prefect.resource.role': [],
  });
});

test('entries without a condition are dropped', () => {
  expect(valid({ related: [{}, { id: [], role: null }, { id: ['a'] }], any_resource: {} })).toMatchObject({
    related: [{ id: ['a'] }],
    anyResource: [],
  });
});

test('text that cannot be stored is refused', () => {
  const checked = validateFilter(
    { event: { name: ['\ud800'] }, resource: { labels: { '\udc00': 'a\ud800' } } },
    options,
  );
  expect(checked.ok ? [] : checked.issues.map(({ type, loc }) => [type, loc])).toEqual([
    ['string_unicode', ['event', 'name', 0]],
    ['string_unicode', ['resource', 'labels', '\udc00']],
    ['string_unicode', ['resource', 'labels', '\udc00', 'str']],
  ]);
});

const list = <Value>(length: number, of: (nth: number) => Value): Value[] =>
  Array.from({ length }, (_, nth) => of(nth));
const globs = (length: number, of: (nth: number) => string) => ({ resource: { labels: { env: list(length, of) } } });
const labelNames = (length: number) => ({
  any_resource: { labels: Object.fromEntries(list(length, (nth) => [`l${nth}`, 'v'])) },
});

test.each([
  ['entries', (size: number) => ({ related: list(size, () => ({ id: ['a'] })) }), 50, 'too_long'],
  ['entries', (size: number) => ({ any_resource: list(size, () => ({ id: ['a'] })) }), 50, 'too_long'],
  ['labels', labelNames, 500, 'too_many_labels'],
  ['globs', (size: number) => globs(size, (nth) => `*${nth}`), 1000, 'too_many_globs'],
  ['beginnings', (size: number) => globs(size, (nth) => `${nth}*`), 1000, 'too_many_globs'],
  ['negated globs', (size: number) => globs(size, (nth) => `!*${nth}`), 100, 'too_many_negated_globs'],
  ['negated beginnings', (size: number) => globs(size, (nth) => `!${nth}*`), 100, 'too_many_negated_globs'],
  ['characters of globs', (size: number) => globs(2, () => `${'a'.repeat(size / 2 - 1)}*`), 65_536, 'globs_too_long'],
  ['wild cards', (size: number) => globs(1, () => `${'a*'.repeat(size - 1)}*a?`), 4096, 'too_many_wild_cards'],
  ['floating pieces', (size: number) => globs(1, () => `${'*a?'.repeat(size)}*`), 8, 'too_many_floating_wild_cards'],
  [
    'their characters',
    (size: number) => globs(1, () => `*?${'a'.repeat(size - 1)}*`),
    256,
    'floating_wild_cards_too_long',
  ],
])('a filter may have so many %s and no more', (_what, of, max, type) => {
  expect(valid(of(max))).toBeDefined();
  const checked = validateFilter(of(max + 2), options);
  expect(checked.ok ? [] : checked.issues.map((each) => each.type)).toEqual([type]);
});

test('lists of plain values have no bound of their own', () => {
  const texts = list(100_000, (nth) => `name-${nth}`);
  const filter = valid({ event: { name: texts, prefix: texts }, resource: { id: texts, labels: { env: texts } } });
  expect([filter.event.name, filter.event.prefix, filter.resource.id].map(({ length }) => length)).toEqual([
    100_000, 100_000, 100_000,
  ]);
});

test('of more reasons than a thousand the first are given', () => {
  const checked = validateFilter({ event: { name: list(350_000, () => 1) }, related: list(49, () => 1) }, options);
  expect(checked.ok ? [] : checked.issues.map(({ loc }) => loc[2])).toEqual(list(1000, (nth) => nth));
});
