/**
 * Many patterns at once mean what each of them means by itself, in every way in which they are looked for.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFind } from '../../src/filter/find-text.ts';
import { compileGlob, parseGlob } from '../../src/filter/glob.ts';
import { createGlobSet } from '../../src/filter/glob-set.ts';
import { LiteralScan } from '../../src/filter/literal-scan.ts';
import { compilePattern, compilePatterns, parsePattern } from '../../src/filter/pattern.ts';
import { textFits } from '../../src/filter/text.ts';
import { anyPrefix } from '../../src/filter/text-sets.ts';

const unit = fc.constantFrom('a', 'a', 'b', '😀', '\n');
const word = (maxLength: number) => fc.string({ unit, maxLength });
const value = fc.tuple(word(6), fc.nat(40)).map(([part, times]) => part.repeat(times));
const glob = fc.string({ unit: fc.constantFrom('a', 'a', 'b', '😀', '*', '*', '?'), maxLength: 10 });

function expression(text: string): RegExp {
  return new RegExp(`^${text.replaceAll(/\*+/g, '.*').replaceAll('?', '.')}$`, 'su');
}

test('law: a text fits a glob as it fits the same regular expression', () => {
  fc.assert(
    fc.property(glob, word(12), (text, one) => {
      expect(compileGlob(parseGlob(text))(one)).toBe(expression(text).test(one));
    }),
    { numRuns: 2000 },
  );
});

test('law: a text fits any, or all, of many globs as it fits each', () => {
  fc.assert(
    fc.property(fc.array(glob, { minLength: 1, maxLength: 120 }), value, (texts, one) => {
      const globs = texts.map(parseGlob);
      const each = globs.map((parsed) => compileGlob(parsed)(one));
      const set = createGlobSet(globs);
      expect([set.any(one), set.all(one)]).toEqual([each.includes(true), !each.includes(false)]);
      // None fits, and then one of them does.
      const unfit = createGlobSet([...globs.filter((_, nth) => !each[nth]), parseGlob('*b?b*a*a😀*')]);
      expect(unfit.any(one)).toBe(compileGlob(parseGlob('*b?b*a*a😀*'))(one));
    }),
    { numRuns: 500 },
  );
});

test('law: a value fits a list of patterns as it fits any of them', () => {
  const pattern = fc.tuple(
    fc.constantFrom('', '', '!'),
    fc.oneof(
      glob,
      word(6),
      word(3).map((start) => `${start}*`),
    ),
  );
  const patterns = fc.array(
    pattern.map(([sign, text]) => sign + text),
    { minLength: 1, maxLength: 40 },
  );
  fc.assert(
    fc.property(patterns, fc.oneof(value, word(6)), (texts, one) => {
      const parsed = texts.map((text) => parsePattern('env', text));
      expect(compilePatterns(parsed)(one)).toBe(parsed.some((each) => compilePattern(each)(one)));
    }),
    { numRuns: 1000 },
  );
});

test('law: a scan tells each place of each text that is awaited', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit, minLength: 1, maxLength: 5 }), { maxLength: 20 }), value, (texts, one) => {
      const scan = new LiteralScan(texts);
      const told: string[] = [];
      const awaited = new Uint8Array(scan.literals.map((_, literal) => (literal % 3 === 0 ? 0 : 1)));
      scan.scan(one, awaited, (literal, end) => {
        told.push(`${end} ${scan.literals[literal]}`);
        return 'same';
      });
      const wanted = scan.literals.filter((_, literal) => awaited[literal] === 1);
      const places = Array.from({ length: one.length }, (_, at) => at + 1).flatMap((end) =>
        wanted.filter((text) => one.slice(0, end).endsWith(text)).map((text) => `${end} ${text}`),
      );
      expect(told.sort()).toEqual(places.sort());
    }),
  );
});

test('law: a long text is found where V8 finds it', () => {
  const long = fc.tuple(word(3), fc.integer({ min: 100, max: 400 }), word(3)).map(([a, n, b]) => a + 'a'.repeat(n) + b);
  fc.assert(
    fc.property(long, fc.array(long, { maxLength: 4 }), fc.nat(50), (needle, others, from) => {
      const text = [...others, needle.slice(0, -1), needle, ...others].join('b');
      expect(createFind(needle)(text, from)).toBe(text.indexOf(needle, from));
    }),
  );
});

test('law: many prefixes begin a text as one of them does', () => {
  const prefix = fc.tuple(fc.nat(60), word(3)).map(([times, end]) => 'a'.repeat(times) + end);
  fc.assert(
    fc.property(fc.array(prefix, { minLength: 1, maxLength: 40 }), prefix, (prefixes, text) => {
      expect(anyPrefix(prefixes)?.(text)).toBe(prefixes.some((each) => text.startsWith(each)));
    }),
  );
});

test('law: many long prefixes, some of which begin with another, begin a text as one of them does', () => {
  const stem = 'a'.repeat(60);
  const letters = (minLength: number) =>
    fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength, maxLength: 4 }).map((end) => stem + end);
  fc.assert(
    fc.property(fc.array(letters(2), { minLength: 9, maxLength: 40, size: 'max' }), letters(0), (prefixes, text) => {
      expect(anyPrefix(prefixes)?.(text)).toBe(prefixes.some((each) => text.startsWith(each)));
    }),
    { numRuns: 300 },
  );
});

test('law: a text query means the same in a long text as in a short one', () => {
  const terms = fc.array(fc.string({ unit, minLength: 1, maxLength: 3 }), { maxLength: 20 });
  fc.assert(
    fc.property(terms, terms, terms, word(8), (include, required, exclude, end) => {
      const filler = '-'.repeat(300_000);
      const query = { include, required, exclude };
      expect(textFits(query, filler + end)).toBe(textFits(query, `-${end}`));
    }),
    { numRuns: 50 },
  );
});

test('law: a long text fits many globs as it fits each, wherever what stands between two stars is found', () => {
  // Long enough to be scanned once for all globs.
  const letters = fc.constantFrom('a', 'b', 'ab', 'ba', '😀');
  const middles = fc.array(fc.string({ unit: letters, minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 });
  const ends = fc.constantFrom('', '', 'a', 'ab', 'b?');
  const many = fc.array(
    fc.tuple(ends, middles, ends).map(([start, texts, end]) => `${start}*${texts.join('*')}*${end}`),
    { minLength: 40, maxLength: 120 },
  );
  const text = fc
    .tuple(
      fc.array(letters, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 80 }),
      fc.array(letters, { maxLength: 12 }),
    )
    .map(([part, times, end]) => part.join('').repeat(times) + end.join(''));
  let [fitted, unfitted] = [0, 0];
  fc.assert(
    fc.property(many, text, (texts, one) => {
      const globs = texts.map(parseGlob);
      const each = globs.map((parsed) => compileGlob(parsed)(one));
      const set = createGlobSet(globs);
      expect([set.any(one), set.all(one)]).toEqual([each.includes(true), !each.includes(false)]);
      // Those that fit together, those that do not together, and each alone among the others.
      const fitting = globs.filter((_, nth) => each[nth]);
      const others = globs.filter((_, nth) => !each[nth]);
      fitted += fitting.length;
      unfitted += others.length;
      expect([createGlobSet(fitting).all(one), createGlobSet(others).any(one)]).toEqual([true, false]);
      const [first] = fitting;
      if (first !== undefined) expect(createGlobSet([...others, first]).any(one)).toBe(true);
      const [last] = others;
      if (last !== undefined) expect(createGlobSet([...fitting, last]).all(one)).toBe(false);
    }),
    { numRuns: 300 },
  );
  expect(Math.min(fitted, unfitted)).toBeGreaterThan(1_000);
});

test('what a long text does not hold is not found there, from any place, and no glob that asks for it fits', () => {
  for (const needle of [`${'a'.repeat(300)}b`, 'ab'.repeat(200)]) {
    for (const text of ['', needle.slice(0, -1), `${needle.slice(1)}${needle.slice(0, -1)}`, needle]) {
      for (const from of [0, 1, 200]) expect(createFind(needle)(text, from)).toBe(text.indexOf(needle, from));
      expect(compileGlob(parseGlob(`*${needle}*`))(text)).toBe(text.includes(needle));
      expect(compileGlob(parseGlob(`*${needle}*z*`))(`${text}z`)).toBe(text.includes(needle));
    }
  }
});

test('law: a long text is gone through for every term of a query, not until the first', () => {
  const words = ['ab', 'abc', 'bc', 'c', 'x', 'xy', 'yx'];
  const some = fc.subarray(words);
  fc.assert(
    fc.property(some, some, some, some, (include, required, exclude, held) => {
      const text = held.map((word) => `${word}-`).join('');
      const query = { include, required, exclude };
      const holds = (term: string) => text.includes(term);
      const wanted = (include.length === 0 || include.some(holds)) && required.every(holds) && !exclude.some(holds);
      expect(textFits(query, '-'.repeat(300_000) + text)).toBe(wanted);
    }),
    { numRuns: 100 },
  );
});

test('law: of texts that end in each other the scan tells those that are awaited, in whatever order they are', () => {
  const word = fc.nat(5).chain((length) => fc.constantFrom('a', 'b').map((end) => end + 'ab'.repeat(length) + end));
  const texts = fc.uniqueArray(
    fc.oneof(word, fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 })),
    {
      minLength: 2,
      maxLength: 12,
    },
  );
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 10, maxLength: 30 });
  fc.assert(
    fc.property(texts, fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), text, (given, choice, one) => {
      // Longest first, so that the order is the scan's own.
      const scan = new LiteralScan(given.toSorted((a, b) => b.length - a.length));
      const awaited = Uint8Array.from(scan.literals, (_, nth) => (choice[nth] ? 1 : 0));
      const told: string[] = [];
      scan.scan(one, awaited, (literal, end) => {
        told.push(`${end} ${scan.literals[literal]}`);
        return 'same';
      });
      const places = Array.from({ length: one.length }, (_, at) => at + 1).flatMap((end) =>
        scan.literals.flatMap((text, nth) =>
          choice[nth] && one.slice(0, end).endsWith(text) ? [`${end} ${text}`] : [],
        ),
      );
      expect(told.sort()).toEqual(places.sort());
    }),
    { numRuns: 200 },
  );
});
