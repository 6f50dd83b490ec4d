/**
 * The one-line filter: what is written reads back as the same filter, what can be typed can be written, and what the
 * API cannot say is refused with a sentence. Whatever a line says, the server takes.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFilterLine } from '../../client/src/filter-line.ts';
import { FilterLineError } from '../../client/src/filter-line-error.ts';
import type { FilterLine } from '../../client/src/filter-line-types.ts';
import { writeFilterLine } from '../../client/src/write-filter-line.ts';
import { validateFilter } from '../../src/filter/validate-filter.ts';

const word = fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom(...'abzé.*!"\\:=& -+?&', '\n', '日') });
const starless = word.map((text) => text.replaceAll('*', 'x'));
const plain = starless.map((text) => text.replace(/[&=]/g, '_'));
const list = <T>(of: fc.Arbitrary<T>) => fc.array(of, { minLength: 1, maxLength: 3 });
const isFilled = (value: object): boolean => Object.keys(value).length > 0;
const eitherOr = (one: string, other: string, of: fc.Arbitrary<string>) =>
  fc.oneof(
    fc.constant({}),
    list(of).map((each) => ({ [one]: each })),
    list(of).map((each) => ({ [other]: each })),
  );
const merged = (...parts: fc.Arbitrary<object>[]) =>
  fc.tuple(...parts).map((all) => Object.assign({}, ...all) as object);
const patterns = fc.oneof(
  word.map((one) => [one]),
  fc.constant(['']),
  list(word.map((text) => text.replace(/^!+/, 'a'))),
);
const labels = fc.dictionary(word, patterns, { minKeys: 1, maxKeys: 3 });
const entryLabels = fc.dictionary(
  plain.filter((key) => key !== 'role'),
  list(word.map((text) => text.replaceAll('&', '_'))),
  { minKeys: 1, maxKeys: 2 },
);
const optional = (name: string, of: fc.Arbitrary<unknown>) =>
  fc.option(of, { nil: null }).map((each) => (each === null ? {} : { [name]: each }));
const related = merged(optional('id', list(plain)), optional('role', list(plain)), optional('labels', entryLabels));
const any = merged(eitherOr('id', 'id_prefix', plain), optional('labels', entryLabels));
const filter = merged(
  optional(
    'event',
    merged(
      eitherOr('name', 'prefix', starless),
      optional('exclude_name', list(starless)),
      optional('exclude_prefix', list(starless)),
    ).filter(isFilled),
  ),
  optional('resource', merged(eitherOr('id', 'id_prefix', starless), optional('labels', labels)).filter(isFilled)),
  optional('related', list(related.filter(isFilled))),
  optional('any_resource', list(any.filter(isFilled))),
  optional('id', fc.record({ id: list(fc.uuid()) })),
  optional(
    'text',
    fc.record({
      query: fc.oneof(
        word,
        list(fc.stringMatching(/^[+-]?[a-z]{1,5}$/)).map((all) => all.join(' ')),
      ),
    }),
  ),
);
const time = fc.constantFrom('10m', '45s', '7d', '2026-11-29', '2026-11-29T08:30:00.123456Z', '2026-11-29T08:30+02:00');
const said = fc.record({ filter, since: time, until: time }, { requiredKeys: ['filter'] }) as fc.Arbitrary<FilterLine>;

describe('a one-line filter', () => {
  it('says every filter of its kind, and reads back as the same', () => {
    fc.assert(
      fc.property(said, (each) => {
        expect(parseFilterLine(writeFilterLine(each))).toEqual(each);
      }),
      { numRuns: 1000 },
    );
  });

  it('can be written as soon as it can be read, and is refused with a sentence else', () => {
    const piece = fc.constantFrom(
      'event:',
      '-event:',
      'resource:',
      'related:',
      'any:',
      'id:',
      'text:',
      'since:',
      'a',
      'x*',
      '*',
      'k=v',
      '-k=v',
      'role=r',
      '&',
      '"',
      '\\',
      ' ',
      ' ',
      '-',
      '+',
      '!',
      '10m',
      '"a b"',
      ':',
      '=',
      'http://x',
    );
    let read = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const line = pieces.join('');
        let parsed: FilterLine;
        try {
          parsed = parseFilterLine(line);
        } catch (error) {
          expect(error).toBeInstanceOf(FilterLineError);
          expect((error as FilterLineError).message).toMatch(/^\S.*\.$/s);
          return;
        }
        read += 1;
        expect(parseFilterLine(writeFilterLine(parsed))).toEqual(parsed);
      }),
      { numRuns: 2000 },
    );
    expect(read).toBeGreaterThan(200);
  });

  it('is taken by the server, whatever it says', () => {
    fc.assert(
      fc.property(said, (each) => {
        const { filter: sent } = parseFilterLine(writeFilterLine(each));
        const outcome = validateFilter(sent, { now: new Date(), openEnded: false, loc: [] });
        expect(outcome).toMatchObject({ ok: true });
      }),
      { numRuns: 200 },
    );
  });
});
