/**
 * Texts and JSON values of a size that are known to be dear for parsers, searches and maps, and random ones of the same
 * kind. Each is so many characters of JSON.
 */

export interface Shape {
  readonly name: string;
  /** JSON text of about so many characters. */
  readonly of: (size: number) => string;
}

/** Pieces of what stands within a JSON string: each is repeated. */
const pieces = [
  ...[
    'a',
    'ab',
    '9',
    '0',
    '1_',
    '.',
    '1.',
    '-',
    '+',
    ' ',
    'T',
    'W',
    '/',
    '_',
    '=',
    '%',
    '~',
    '{',
    '}',
    ',',
    ':',
    'e',
    '!',
    '"\\u0022"',
  ],
  ...[
    '*',
    '?',
    '*a',
    'a?',
    '*?',
    '\\u0041',
    '\\"',
    '\\\\',
    '\\n',
    '\\u0000',
    '\\u001f',
    '\\ud83d\\udca5',
    '\\ud800',
    '💥',
    'ß',
    'İ',
    'Σς',
  ],
];

/** Beginnings and ends around a long run. */
const runs: readonly (readonly [name: string, start: string, piece: string, end: string])[] = [
  ['digits that are no number', '', '9', 'x'],
  ['a fraction', '2026-11-22T00:00:00.', '9', ''],
  ['a fraction and no zone', '2026-11-22T00:00:00.', '9', 'x'],
  ['zeros behind a point', '1.', '0', 'x'],
  ['an exponent', '1e', '9', 'x'],
  ['underscores', '1', '_1', '_'],
  ['blanks before the end', '1', ' ', 'x'],
  ['a long urn', 'urn:uuid:', '0', ''],
  ['long braces', '{', 'a', '}'],
  ['dashes behind a UUID', '00000000-0000-4000-8000-000000000000', '-', ''],
  ['quotes of a query', '\\"', 'a \\"', ''],
  ['a date and dashes', '2026-11-22', '-', 'T00:00:00Z'],
];

export const textShapes: readonly Shape[] = [
  ...pieces.map((piece) => ({ name: `text of ${piece}`, of: (size: number) => `"${fill(unquoted(piece), size)}"` })),
  ...runs.map(([name, start, piece, end]) => ({
    name: `text: ${name}`,
    of: (size: number) => `"${start}${fill(piece, size - start.length - end.length)}${end}"`,
  })),
];

export const valueShapes: readonly Shape[] = [
  shape('a number', (size) => '9'.repeat(size)),
  shape('a fraction', (size) => `0.${'9'.repeat(size)}`),
  shape('an exponent', (size) => `1e${'9'.repeat(size)}`),
  ...[
    '1',
    '1e1',
    '""',
    '"a"',
    '"\\u0041"',
    'null',
    '{}',
    '[]',
    '[[]]',
    '{"a":1}',
    '"00000000-0000-4000-8000-000000000000"',
  ].map((item) => shape(`a list of ${item}`, (size) => `[${fill(`${item},`, size).slice(0, -1)}]`)),
  shape('a list of blanks', (size) => `[1${fill(' ', size)}]`),
  shape('a list with blanks', (size) => `[1${fill(' ,\n1', size)}]`),
  shape('lists in lists', (size) => nested('[', ']', size)),
  shape('objects in objects', (size) => nested('{"a":', '}', size, '1')),
  shape('lists of 990 levels', (size) => `[${fill(`${nested('[', ']', 1980)},`, size).slice(0, -1)}]`),
  ...['a', '__proto__', '', '\\u0041', '0'].map((key) => members(`the key ${key} again and again`, () => key)),
  members('keys', (nth) => `k${nth}`),
  members('keys, each twice', (nth) => `k${nth >> 1}`),
  members('numbers as keys', (nth) => `${nth}`),
  members('numbers as keys, falling', (nth, count) => `${count - nth}`),
  members('numbers as keys, far apart', (nth) => `${nth * 2 ** 20}`),
  members('numbers as keys, further apart', (nth) => `${nth * 2 ** 32}`),
  members('keys of one length', (nth) => nth.toString(36).padStart(6, '0')),
  members('escaped keys', (nth) => `\\u006b${nth}`),
  members('keys with objects', (nth) => `k${nth}`, '{}'),
  members('keys with texts', (nth) => `k${nth}`, '"v"'),
  members('keys with escaped texts', (nth) => `k${nth}`, '"\\u0041"'),
  shape('500 long keys with one beginning', (size) => longKeys(size, 500)),
  shape('5,000 long keys with one beginning', (size) => longKeys(size, 5000)),
  shape(
    'objects of 400 keys',
    (size) => `[${fill(`${object(400, (nth) => nth.toString(36).padStart(4, '0'), '1')},`, size).slice(0, -1)}]`,
  ),
];

export const allShapes: readonly Shape[] = [...textShapes, ...valueShapes];

/** A text that no list names: a piece of a few characters, repeated, with a start and an end of its own. */
export function randomText(random: () => number): Shape {
  const some = (lengthMax: number): string => {
    const length = Math.floor(random() * (lengthMax + 1));
    return Array.from({ length }, () => unquoted(pieces[Math.floor(random() * pieces.length)]!)).join('');
  };
  const [start, piece, end] = [some(4), some(4) || 'a', some(4)];
  return shape(`random text ${start} + n × ${piece} + ${end}`, (size) => `"${start}${fill(piece, size)}${end}"`);
}

/** Lists and objects in each other, whose innermost values are pieces of text. */
export function randomValue(random: () => number): Shape {
  const item = (depth: number): string => {
    const kind = Math.floor(random() * (depth === 0 ? 2 : 4));
    if (kind === 0) return `"${unquoted(pieces[Math.floor(random() * pieces.length)]!)}"`;
    if (kind === 1) return ['1', '-0.5e3', 'null', 'true', '""'][Math.floor(random() * 5)]!;
    const inner = Array.from({ length: Math.floor(random() * 4) }, () => item(depth - 1));
    return kind === 2 ? `[${inner}]` : `{${inner.map((value, nth) => `"${nth % 3}":${value}`)}}`;
  };
  const one = item(3);
  return shape(`a list of random ${one}`, (size) => `[${fill(`${one},`, size).slice(0, -1)}]`);
}

/** So many bytes, in whole pieces only: messages are bounded by bytes. */
export function fill(piece: string, size: number): string {
  return piece.repeat(Math.max(1, Math.floor(size / Buffer.byteLength(piece))));
}

function unquoted(piece: string): string {
  return piece.replaceAll(/(?<!\\)"/g, '\\"');
}

function shape(name: string, of: (size: number) => string): Shape {
  return { name, of };
}

function nested(open: string, close: string, size: number, inner = ''): string {
  const depth = Math.floor(size / (open.length + close.length));
  return open.repeat(depth) + inner + close.repeat(depth);
}

function members(name: string, keyOf: (nth: number, count: number) => string, value = '1'): Shape {
  const of = (size: number): string => {
    const count = Math.max(2, Math.floor(size / (keyOf(10_000, 100_000).length + value.length + 4)));
    return object(count, (nth) => keyOf(nth, count), value);
  };
  return shape(`an object of ${name}${value === '1' ? '' : `: ${value}`}`, of);
}

function object(count: number, keyOf: (nth: number) => string, value: string): string {
  return `{${Array.from({ length: count }, (_, nth) => `"${keyOf(nth)}":${value}`).join(',')}}`;
}

function longKeys(size: number, count: number): string {
  const start = 'k'.repeat(Math.max(1, Math.floor(size / count) - 14));
  return object(count, (nth) => `${start}${nth.toString(36).padStart(6, '0')}`, '"v"');
}
