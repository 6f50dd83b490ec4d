/**
 * The SQL of a filter as text: what it binds, and how it grows with many values. What it finds is in
 * filter-agreement.clickhouse.test.ts (I6).
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Filter } from '../../schemas/filter.ts';
import { bindings } from '../../src/filter/bindings.ts';
import { compilePattern, parsePattern } from '../../src/filter/pattern.ts';
import { filterSql } from '../../src/filter/sql.ts';
import { matchSql, patternsSql, prefixSql } from '../../src/filter/sql-patterns.ts';
import { filterOf } from '../query/stored-rows.ts';

const list = (length: number, of: (nth: number) => string): string[] => Array.from({ length }, (_, nth) => of(nth));
const sqlOf = (changes: Partial<Filter>) =>
  filterSql([filterOf('2026-11-15T00:00:00Z', '2026-11-17T00:00:00Z', changes)]);

/** What a place of the statement stands for. */
function boundAt(place: string, params: Record<string, unknown>): unknown {
  const [, name = '', at] = /^\{(\w+):[^}]+\}(?:\[(\d+)\])?$/.exec(place) ?? [];
  return at === undefined ? params[name] : (params[name] as unknown[])[Number(at) - 1]; // ClickHouse counts from 1
}

test('law: each place stands for the value that was bound there, however many there are', () => {
  const value = fc.oneof(fc.string(), fc.nat());
  fc.assert(
    fc.property(fc.array(value, { maxLength: 3000, size: 'max' }), (values) => {
      const { bind, params } = bindings();
      const places = values.map((each) => bind(typeof each === 'string' ? 'String' : 'UInt64', each));
      expect(places.map((place) => boundAt(place, params))).toEqual(values);
    }),
    { numRuns: 20 },
  );
});

function regexesOf(run: (bind: (type: string, value: unknown) => string) => unknown): string[] {
  const bound: string[] = [];
  run((_, value) => `{${bound.push(String(value))}}`);
  return bound;
}

/** As ClickHouse reads it: of one line, by code points. */
function javaScriptOf(regex: string): RegExp {
  expect(regex).toMatch(/^\(\?s\)\\A.*\\z$/s);
  return new RegExp(`^${regex.slice('(?s)\\A'.length, -'\\z'.length)}$`, 'su');
}

test('law: the regular expressions of many patterns fit together what any of the patterns fits', () => {
  const of = (units: string[], maxLength: number) => fc.string({ unit: fc.constantFrom(...units), maxLength });
  const pattern = of(['a', 'b', '.', '|', '(', '\\', '\0', '😀', '*', '?'], 5);
  const text = of(['a', 'b', '.', '|', '(', '\\', '\0', '😀'], 5);
  const continued = fc
    .tuple(fc.constantFrom('', '1:a', '.'), pattern)
    .map(([literal, one]) => ({ literal, pattern: parsePattern('env', one) }));
  fc.assert(
    fc.property(
      fc.array(continued, { minLength: 1, maxLength: 20 }),
      fc.array(text, { maxLength: 20 }),
      (many, ends) => {
        const regexes = regexesOf((bind) => matchSql('value', many, bind)).map(javaScriptOf);
        for (const value of ends.flatMap((end) => [end, `1:a${end}`, `.${end}`])) {
          const fits = many.some(
            ({ literal, pattern: one }) =>
              value.startsWith(literal) && compilePattern({ ...one, isNegated: false })(value.slice(literal.length)),
          );
          expect(regexes.some((regex) => regex.test(value))).toBe(fits);
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('many globs are a few regular expressions, each of a bounded length and none left out', () => {
  const globs = list(1000, (nth) => `*${nth}-${'x'.repeat(nth % 50)}?`);
  const parsed = globs.map((glob) => parsePattern('env', glob));
  const regexes = regexesOf((bind) => patternsSql('value', parsed, bind));
  expect(regexes.length).toBeGreaterThan(1);
  expect(regexes.length).toBeLessThan(10);
  for (const regex of regexes) expect(regex.length).toBeLessThan(10_000);
  const read = regexes.map(javaScriptOf);
  for (const nth of [0, 1, 499, 998, 999]) {
    const value = `any${nth}-${'x'.repeat(nth % 50)}y`;
    expect(read.some((regex) => regex.test(value))).toBe(true);
  }
});

test.each([1, 2, 8, 9, 100, 5000])(
  'each of %d beginnings is asked for; of many, there is one look-up for each length',
  (count) => {
    const prefixes = list(count, (nth) => `p${String(nth).padStart(4, '0')}`);
    const { bind, params } = bindings();
    const [condition, ...others] = prefixSql('event', prefixes, bind);
    expect(others).toEqual([]);
    const bound = new Set(Object.values(params).flat());
    expect(prefixes.filter((prefix) => !bound.has(prefix))).toEqual([]);
    expect(condition?.includes(' IN ')).toBe(count > 8);
    if (count > 8) expect(Object.values(params)).toEqual([prefixes, [5]]);
  },
);

test('of many labels those of which nothing is negated are looked for in one pass, beside few each by itself', () => {
  for (const count of [8, 9, 200]) {
    const plain = Object.fromEntries(list(count, (nth) => `l${nth}`).map((label) => [label, ['v*']]));
    const labels = { ...plain, other: ['!v'], 'prefect.resource.id': ['flow*'] };
    const { where, params } = sqlOf({ resource: { id: [], idPrefix: [], labels, distinct: false } });
    expect(where.match(/mapContains/g)).toHaveLength(count > 8 ? 1 : 9);
    expect(where.match(/arrayCount/g)?.length ?? 0).toBe(count > 8 ? 1 : 0);
    expect(where).not.toContain('undefined');
    if (count > 8) expect(Object.values(params)).toContain(count);
    // No value is wanted as it stands, so no list of values is bound.
    expect(Object.values(params)).not.toContainEqual([]);
  }
});

test('an index answers pairs alone, or ids alone; what one related resource must meet is looked for in one', () => {
  const related = { id: [], role: [], resourcesInRoles: [], labels: {} };
  const pair = ['a', 'flow'] as const;
  const [bothPairs, onePair] = [[pair, ['b', 'tag']] as const, [pair] as const];
  for (const [entry, isIndexed, columns] of [
    [{ resourcesInRoles: onePair }, true, []],
    [{ resourcesInRoles: bothPairs }, true, []],
    [{ id: ['a'] }, true, []],
    [{ id: ['a'], role: ['flow'] }, true, []],
    [{ role: ['flow'] }, false, ['one_role']],
    [{ id: ['a'], resourcesInRoles: onePair }, false, ['one_id', 'one_role']],
    [{ role: ['x'], resourcesInRoles: onePair }, false, ['one_id', 'one_role']],
    [{ labels: { env: ['a'] } }, false, ['one_labels']],
    [{ id: ['a'], labels: { env: ['a'] } }, false, ['one_id', 'one_labels']],
    [{ resourcesInRoles: onePair, labels: { env: ['a'] } }, false, ['one_id', 'one_role', 'one_labels']],
    // A label of no value fits nothing, whatever stands in a column: the smallest one is read.
    [{ labels: { 'prefect.resource.id': [] } }, false, ['one_id']],
  ] as const) {
    const { where } = sqlOf({ related: [{ ...related, ...entry }] });
    const [, variables] = /arrayExists\(\(([^)]*)\) -> /.exec(where) ?? [];
    expect([entry, variables?.split(', ') ?? []]).toEqual([entry, columns]);
    expect([entry, !where.includes('arrayExists')]).toEqual([entry, isIndexed]);
  }
});

test('the id and the role of a related resource are asked of their own columns, however many values are wanted', () => {
  const related = { id: [], role: [], resourcesInRoles: [] };
  const patterns = list(40, (nth) => `v${nth}`);
  const byRole = sqlOf({ related: [{ ...related, labels: { 'prefect.resource.role': patterns } }] }).where;
  expect(byRole).toContain('(one_role IN ');
  const byId = sqlOf({ related: [{ ...related, labels: { 'prefect.resource.id': patterns } }] }).where;
  expect(byId).toContain('(one_id IN ');
  for (const where of [byRole, byId]) expect(where).not.toContain('mapContains');
  const any = sqlOf({ anyResource: [{ id: patterns, idPrefix: [], labels: {} }] }).where;
  expect(any).toContain('(resource_id IN ');
  expect(any).toContain('(one_id IN ');
});
