/**
 * I6 for lists of any length: what ClickHouse finds with many values, prefixes and globs is what each of them finds by
 * itself. Asked of a handful of awkward values, many lists at a time.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bindings } from '../../src/filter/bindings.ts';
import { compilePattern, type Pattern, parsePattern } from '../../src/filter/pattern.ts';
import { matchSql, oneOfSql, patternsSql, prefixSql } from '../../src/filter/sql-patterns.ts';
import { startTestStore, type TestStore } from '../../support/engine.ts';

const pieces = [
  'a',
  'b',
  'é',
  '😀',
  '\n',
  '.',
  '^',
  '$',
  '|',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  '+',
  '\\',
  '%',
  '_',
  "'",
  '\0',
  '?x',
];
const values = [
  '',
  ...pieces,
  ...pieces.map((piece) => `a${piece}b`),
  'ab',
  'aab',
  'aXb',
  'a.b.c',
  'ééa',
  'x'.repeat(300),
];
const word = fc.array(fc.constantFrom(...pieces), { maxLength: 3 }).map((parts) => parts.join(''));
const glob = fc
  .array(fc.constantFrom('*', '?', ...pieces), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join(''));
const many = <Value>(item: fc.Arbitrary<Value>) => fc.array(item, { maxLength: 40, size: 'max' });

let opened: TestStore;
beforeAll(async () => {
  opened = await startTestStore();
});
afterAll(() => opened?.stop());

/** Which of the values fit each of the conditions. */
async function found(conditions: readonly string[], params: Record<string, unknown>): Promise<string[][]> {
  const columns = conditions.map((condition, nth) => `toBool(${condition}) AS fits_${nth}`);
  const sql = `SELECT ${columns.join(', ')} FROM (SELECT arrayJoin({all_values:Array(String)}) AS one)`;
  const rows = await opened.store.rows<Record<string, boolean>>(sql, { ...params, all_values: values });
  expect(rows).toHaveLength(values.length);
  return conditions.map((_, nth) => values.filter((_value, at) => rows[at]?.[`fits_${nth}`] === true));
}

function fitting(fits: (value: string) => boolean): string[] {
  return values.filter(fits);
}

const or = (conditions: readonly string[]): string => (conditions.length === 0 ? '0' : conditions.join(' OR '));

test('law: many values, prefixes and patterns find what each finds', async () => {
  const lists = fc.array(
    fc.record({
      words: many(word),
      patterns: many(fc.tuple(fc.constantFrom('', '', '', '!'), glob).map((all) => all.join(''))),
    }),
    { minLength: 4, maxLength: 8 },
  );
  await fc.assert(
    fc.asyncProperty(lists, async (all) => {
      const { bind, params } = bindings();
      const parsed = all.map(({ patterns }) => patterns.map((text) => parsePattern('env', text)));
      const conditions = all.flatMap(({ words }, nth) => [
        or(oneOfSql('one', words, bind)),
        or(prefixSql('one', words, bind)),
        patternsSql('one', parsed[nth]!, bind),
      ]);
      const wanted = all.flatMap(({ words }, nth) => [
        fitting((value) => words.includes(value)),
        fitting((value) => words.some((start) => value.startsWith(start))),
        fitting((value) => parsed[nth]!.some((pattern) => compilePattern(pattern)(value))),
      ]);
      expect(await found(conditions, params)).toEqual(wanted);
    }),
    { numRuns: 40 },
  );
}, 600_000);

test('a text and what fits a pattern behind it are found as one, whatever its characters mean elsewhere', async () => {
  const { bind, params } = bindings();
  const patterns: Pattern[] = ['a*', 'b', '?b', '*.*', '(*', '', 'x'].map((text) => parsePattern('env', text));
  const continued = patterns.flatMap((pattern) => ['', 'a', '.', '(', '\\'].map((literal) => ({ literal, pattern })));
  const conditions = continued.map((each) => or(matchSql('one', [each], bind)));
  const wanted = continued.map(({ literal, pattern }) =>
    fitting(
      (value) =>
        value.startsWith(literal) && compilePattern({ ...pattern, isNegated: false })(value.slice(literal.length)),
    ),
  );
  const together = or(matchSql('one', continued, bind));
  expect(await found([...conditions, together], params)).toEqual([
    ...wanted,
    fitting((value) => wanted.flat().includes(value)),
  ]);
});
