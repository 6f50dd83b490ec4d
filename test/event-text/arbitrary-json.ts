/**
 * JSON texts as no serializer writes them, and a slow reading of them that shares nothing with the intake: what a
 * canonical text is held against.
 */
import fc from 'fast-check';

/** White space that JSON allows between tokens. */
const blanks = fc.constantFrom('', '', '', ' ', '\n', '\t', '\r\n ', '  ');

const numberText = fc.constantFrom(
  '0',
  '-0',
  '1',
  '1.0',
  '-0.0',
  '1e30',
  '1E+30',
  '1e-7',
  '1e400',
  '-1e400',
  '123456789012345678901234567890',
  '0.10',
  '5E-324',
  '42',
);

/** A character of a string, in one of the ways in which JSON can say it. */
const character = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'B', '7', ' ', '/', 'é', '日', '😀', '\u2028', '\u007f', 'Σ', 'İ') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('\\n', '\\t', '\\"', '\\\\', '\\/', '\\b', '\\u0041', '\\u001f', '\\u00e9', '\\u00E9'),
  },
  { weight: 1, arbitrary: fc.constantFrom('\\ud83d\\ude00', '\\uD800', '\\udfff', '\\u0000', '\\u005c', '\\u0022') },
);

const stringText = fc.array(character, { maxLength: 6 }).map((characters) => `"${characters.join('')}"`);
/**
 * Few, so that keys repeat, some in another spelling; integer-like ones, which objects reorder; and names of
 * Object.prototype.
 */
const keyText = fc.oneof(
  fc.constantFrom('"a"', '"\\u0061"', '"b"', '"2"', '"1"', '"10"', '"-1"', '"__proto__"', '"toString"', '""'),
  stringText,
);

export const jsonText: fc.Arbitrary<string> = fc.letrec<{ value: string; object: string; array: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(numberText, stringText, fc.constantFrom('true', 'false', 'null')),
    tie('object'),
    tie('array'),
  ),
  object: fc
    .tuple(fc.array(fc.tuple(keyText, tie('value'), blanks), { maxLength: 5 }), blanks)
    .map(([members, blank]) => `{${blank}${members.map(([k, v, b]) => `${b}${k}${b}:${blank}${v}${b}`).join(',')}}`),
  array: fc
    .tuple(fc.array(fc.tuple(tie('value'), blanks), { maxLength: 4 }), blanks)
    .map(([items, blank]) => `[${blank}${items.map(([v, b]) => `${v}${b}`).join(`,${blank}`)}]`),
})).value;

export const jsonObjectText = jsonText.filter((text) => text.startsWith('{'));

/**
 * A value as a tree: an object is a list of members in the order sent, a repeated key at its first place with its last
 * value.
 */
export type Tree =
  | { kind: 'object'; members: [key: string, value: Tree][] }
  | { kind: 'array'; items: Tree[] }
  | { kind: 'string'; value: string }
  | { kind: 'scalar'; text: string };

/** Reads JSON by recursive descent. */
export function readTree(text: string): Tree {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs) ?? [];
  let next = 0;
  const value = (): Tree => {
    const token = tokens[next++] ?? '';
    if (token === '{') return { kind: 'object', members: members() };
    if (token === '[') return { kind: 'array', items: items() };
    if (token.startsWith('"')) return { kind: 'string', value: unescaped(token) };
    return { kind: 'scalar', text: token };
  };
  const members = () => {
    const found: [string, Tree][] = [];
    while (tokens[next] !== '}') {
      if (tokens[next] === ',') next += 1;
      const key = unescaped(tokens[next] ?? '');
      next += 2;
      const member = value();
      const earlier = found.find(([name]) => name === key);
      if (earlier) earlier[1] = member;
      else found.push([key, member]);
    }
    next += 1;
    return found;
  };
  const items = () => {
    const found: Tree[] = [];
    while (tokens[next] !== ']') {
      if (tokens[next] === ',') next += 1;
      found.push(value());
    }
    next += 1;
    return found;
  };
  return value();
}

/** A tree as canonical text. */
export function writeTree(tree: Tree): string {
  switch (tree.kind) {
    case 'object':
      return `{${tree.members.map(([key, value]) => `${JSON.stringify(key)}:${writeTree(value)}`).join(',')}}`;
    case 'array':
      return `[${tree.items.map(writeTree).join(',')}]`;
    case 'string':
      return JSON.stringify(tree.value);
    case 'scalar':
      return tree.text;
  }
}

/** Keys and scalars in the order of the text. */
export function piecesOf(tree: Tree, withKeys: boolean): string[] {
  switch (tree.kind) {
    case 'object':
      return tree.members.flatMap(([key, value]) => [...(withKeys ? [key] : []), ...piecesOf(value, withKeys)]);
    case 'array':
      return tree.items.flatMap((item) => piecesOf(item, withKeys));
    case 'string':
      return [tree.value];
    case 'scalar':
      return [tree.text];
  }
}

function unescaped(token: string): string {
  const plain: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' };
  return token
    .slice(1, -1)
    .replace(/\\u([0-9a-fA-F]{4})|\\(.)/g, (_, hex: string | undefined, sign: string) =>
      hex ? String.fromCharCode(Number.parseInt(hex, 16)) : (plain[sign] ?? sign),
    );
}
