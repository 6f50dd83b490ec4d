import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldText } from '../../schemas/stored-event.ts';
import { parseTextQuery, textFits } from '../../src/filter/text.ts';
import { termsOf } from './reference.ts';

test.each([
  ['', null],
  [' \t ', null],
  ['+ - !', null],
  ['""', null],
  ['"  "', null],
  ['Error', { include: ['error'], required: [], exclude: [] }],
  ['a +b -c !d', { include: ['a'], required: ['b'], exclude: ['c', 'd'] }],
  ['- a', { include: ['a'], required: [], exclude: [] }],
  ['--a', { include: [], required: [], exclude: ['-a'] }],
  ['a-b', { include: ['a-b'], required: [], exclude: [] }],
  ['"connection timeout" -"by Peer"', { include: ['connection timeout'], required: [], exclude: ['by peer'] }],
  ['foo"bar baz"qux', { include: ['foo', 'bar baz', 'qux'], required: [], exclude: [] }],
  ['"say \\"hi\\" \\\\ \\n"', { include: ['say "hi" \\ \\n'], required: [], exclude: [] }],
  ['+"not closed', { include: [], required: ['not closed'], exclude: [] }],
  ['"ends in \\', { include: ['ends in \\'], required: [], exclude: [] }],
  ['"a\\"', { include: ['a"'], required: [], exclude: [] }],
  ['a\u00a0b\u3000c\u001fd', { include: ['a', 'b', 'c', 'd'], required: [], exclude: [] }],
  ['a\ufeffb', { include: ['a\ufeffb'], required: [], exclude: [] }],
  ['"a\tb\u001fc"', { include: ['a b c'], required: [], exclude: [] }],
  ['ÉTÉ', { include: ['été'], required: [], exclude: [] }],
])('%j', (query, expected) => {
  expect(parseTextQuery(query)).toEqual(expected);
});

test('any of the plain terms, all of the required, none of the excluded', () => {
  const fits = (query: string) => textFits(parseTextQuery(query)!, foldText('Flow run failed: time out'));
  expect([
    fits('failed ok'),
    fits('ok'),
    fits('+failed +ok'),
    fits('+failed -ok'),
    fits('-failed'),
    fits('ok +failed'),
  ]).toEqual([true, false, false, true, false, false]);
});

test('law: a query is read as one that goes through it character by character', () => {
  const query = fc.string({
    unit: fc.constantFrom('a', 'B', ' ', '"', '\\', '+', '-', '!', '😀', '\n', '\u001f'),
    maxLength: 12,
  });
  fc.assert(
    fc.property(query, (sent) => {
      const terms = termsOf(sent);
      const of = (...signs: string[]) =>
        terms.filter(({ sign }) => signs.includes(sign)).map(({ term }) => foldText(term));
      expect(parseTextQuery(sent)).toEqual(
        terms.length === 0 ? null : { include: of(''), required: of('+'), exclude: of('-', '!') },
      );
    }),
    { numRuns: 2000 },
  );
});
