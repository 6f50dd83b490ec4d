/**
 * What a filter is counted for: each of its parts, by its length. What the heap really takes is in
 * held-filters.property.test.ts.
 */
import { expect, test } from 'vitest';
import type { Filter } from '../../schemas/filter.ts';
import { filterHeapBytes } from '../../src/filter/filter-bytes.ts';
import { filterOf } from '../query/stored-rows.ts';

const none = filterOf('2026-11-15T00:00:00Z', '2026-11-17T00:00:00Z');
const related = { id: [], role: [], resourcesInRoles: [], labels: {} };
const any = { id: [], idPrefix: [], labels: {} };

const parts: [string, (text: string) => Partial<Filter>][] = [
  ['the id of an event', (text) => ({ id: [text] })],
  ...(['prefix', 'excludePrefix', 'name', 'excludeName'] as const).map(
    (field): [string, (text: string) => Partial<Filter>] => [
      field,
      (text) => ({ event: { ...none.event, [field]: [text] } }),
    ],
  ),
  ['the id of a resource', (text) => ({ resource: { ...none.resource, id: [text] } })],
  ['the beginning of such an id', (text) => ({ resource: { ...none.resource, idPrefix: [text] } })],
  ['a label', (text) => ({ resource: { ...none.resource, labels: { [text]: ['a'] } } })],
  ['the value of a label', (text) => ({ resource: { ...none.resource, labels: { a: [text] } } })],
  ['the id of a related resource', (text) => ({ related: [{ ...related, id: [text] }] })],
  ['its role', (text) => ({ related: [{ ...related, role: [text] }] })],
  ['a pair', (text) => ({ related: [{ ...related, resourcesInRoles: [['a', text]] }] })],
  ['its label', (text) => ({ related: [{ ...related, labels: { a: [text] } }] })],
  ['any id', (text) => ({ anyResource: [{ ...any, id: [text] }] })],
  ['any beginning of an id', (text) => ({ anyResource: [{ ...any, idPrefix: [text] }] })],
  ['any label', (text) => ({ anyResource: [{ ...any, labels: { a: [text] } }] })],
  ['a text', (text) => ({ text: { include: [text], required: [], exclude: [] } })],
];

test.each(parts)('%s counts, a longer one for as much more, and wide characters twice', (_, changed) => {
  const bytes = (text: string) => filterHeapBytes([{ ...none, ...changed(text) }]);
  expect(bytes('aaaa')).toBeGreaterThan(filterHeapBytes([none]) + 4);
  expect(bytes('a'.repeat(1004)) - bytes('aaaa')).toBeGreaterThanOrEqual(1000);
  expect(bytes('ж'.repeat(1004)) - bytes('жжжж')).toBe(2 * (bytes('a'.repeat(1004)) - bytes('aaaa')));
});

test('parts count together as each does alone, and a pattern that is not looked up for more than a value', () => {
  const bytes = (changes: Partial<Filter>) => filterHeapBytes([{ ...none, ...changes }]) - filterHeapBytes([none]);
  const all = { id: ['x'], role: ['y'], resourcesInRoles: [['a', 'b']] as const, labels: { env: ['prod'] } };
  const each = Object.entries(all).map(([field, value]) => bytes({ related: [{ ...related, [field]: value }] }));
  const entry = bytes({ related: [related] });
  expect(bytes({ related: [all] })).toBe(each.reduce((sum, one) => sum + one - entry, entry));
  const labelled = (value: string) => bytes({ resource: { ...none.resource, labels: { env: [value] } } });
  for (const pattern of ['!abc', 'abc*']) expect(labelled(pattern)).toBeGreaterThan(labelled('abcd') + 100);
  expect(labelled('*bc?')).toBeGreaterThan(labelled('abc*') + 100);
});
