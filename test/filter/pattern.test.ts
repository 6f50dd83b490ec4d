import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compilePattern, literalPrefix, parsePattern } from '../../src/filter/pattern.ts';

function fits(pattern: string, value: string, label = 'env'): boolean {
  return compilePattern(parsePattern(label, pattern))(value);
}

test.each([
  ['prod', 'prod', true],
  ['prod', 'Prod', false],
  ['pr*', 'prod', true],
  ['*', '', true],
  ['*od', 'prod', true],
  ['p*d*', 'prod', true],
  ['p*x', 'prod', false],
  ['a*b*c', 'a\nb\nc', true],
  ['?', '😀', true],
  ['?', 'é', true],
  ['??', '😀', false],
  ['*?', '', false],
  ['?*', '😀', true],
  ['!prod', 'prod', false],
  ['!prod', 'test', true],
  ['!', '', false],
  ['!', 'x', true],
  ['', '', true],
  ['', 'x', false],
  ['!!x', '!x', false],
  ['!!x', 'x', true],
  ['[ab]', 'a', false],
  ['[ab]', '[ab]', true],
  ['100%', '100x', false],
  ['a_b', 'axb', false],
  ['a\\*', 'a\\bc', true],
  ['a.c', 'abc', false],
  ['^a$', 'a', false],
])('%j on %j: %j', (pattern, value, expected) => {
  expect(fits(pattern, value)).toBe(expected);
});

test('a role has neither globs nor negation', () => {
  const role = 'prefect.resource.role';
  expect([
    fits('f*', 'flow', role),
    fits('f*', 'f*', role),
    fits('!flow', 'tag', role),
    fits('flow', 'flow', role),
  ]).toEqual([false, true, false, true]);
});

test('many stars take no longer than few', () => {
  const started = performance.now();
  expect(fits(`${'*a'.repeat(2000)}*b`, 'a'.repeat(20_000))).toBe(false);
  expect(performance.now() - started).toBeLessThan(5000);
});

const text = fc.string({ unit: fc.constantFrom('a', 'b', '😀', '*', '?', '!', '\n'), maxLength: 8 });

test('law: a pattern fits what the same regular expression fits', () => {
  fc.assert(
    fc.property(text, text, (pattern, value) => {
      const isNegated = pattern.startsWith('!');
      const source = [...(isNegated ? pattern.slice(1) : pattern)].map((one) =>
        one === '*' ? '.*' : one === '?' ? '.' : one,
      );
      expect(fits(pattern, value)).toBe(new RegExp(`^${source.join('')}$`, 'su').test(value) !== isNegated);
    }),
    { numRuns: 1000 },
  );
});

test('law: whatever fits starts with the literal prefix', () => {
  fc.assert(
    fc.property(text, text, (pattern, value) => {
      fc.pre(fits(pattern, value));
      expect(value.startsWith(literalPrefix(parsePattern('env', pattern)))).toBe(true);
    }),
  );
});
