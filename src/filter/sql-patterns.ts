/**
 * Conditions over one column of ClickHouse: values, prefixes, and the patterns of labels. Each costs about as much for
 * many values as for a few: a list is looked up in a set, globs are one regular expression.
 */
import type { Bind } from './bindings.ts';
import { likePattern, literalPrefix, type Pattern } from './pattern.ts';

/** If there are more prefixes, they are looked up in a set by their lengths. */
const prefixesTried = 8;
/** If there are more globs, they become regular expressions of at most this many characters: RE2 has a bound. */
const globsTried = 16;
const regexCharactersMax = 8_192;

export function all(conditions: readonly string[]): string {
  return conditions.length === 0 ? '1' : `(${conditions.join(' AND ')})`;
}

export function any(conditions: readonly string[]): string {
  return conditions.length === 0 ? '0' : `(${conditions.join(' OR ')})`;
}

export function oneOfSql(column: string, values: readonly string[], bind: Bind, type = 'String'): string[] {
  if (values.length === 0) return [];
  return [
    values.length === 1 ? `(${column} = ${bind(type, values[0])})` : `(${column} IN ${bind(`Array(${type})`, values)})`,
  ];
}

export function prefixSql(column: string, prefixes: readonly string[], bind: Bind): string[] {
  if (prefixes.length === 0) return [];
  if (prefixes.length === 1) return [`startsWith(${column}, ${bind('String', prefixes[0])})`];
  if (prefixes.length <= prefixesTried) {
    return [`arrayExists(prefix -> startsWith(${column}, prefix), ${bind('Array(String)', prefixes)})`];
  }
  // A value shorter than a length is compared as a whole, and found only if it is such a prefix itself.
  const lengths = [...new Set(prefixes.map((prefix) => Buffer.byteLength(prefix)))];
  const start = `substring(${column}, 1, prefix_length)`;
  return [
    `arrayExists(prefix_length -> ${start} IN ${bind('Array(String)', prefixes)}, ${bind('Array(UInt64)', lengths)})`,
  ];
}

/** Whether a value fits any of the patterns. */
export function patternsSql(value: string, patterns: readonly Pattern[], bind: Bind): string {
  const textsOf = (kind: Pattern['kind'], isNegated: boolean): string[] =>
    patterns.filter((pattern) => pattern.kind === kind && pattern.isNegated === isNegated).map(({ text }) => text);
  return any([
    ...oneOfSql(value, textsOf('equals', false), bind),
    ...prefixSql(value, textsOf('startsWith', false), bind),
    ...globsSql(value, textsOf('glob', false), bind),
    ...unequalSql(value, textsOf('equals', true), bind),
    ...textsOf('startsWith', true).map((text) => `NOT (startsWith(${value}, ${bind('String', text)}))`),
    ...textsOf('glob', true).map((glob) => `NOT (${globSql(value, glob, bind)})`),
  ]);
}

/** A value must differ from one of the texts. Where there are two, every value does. */
function unequalSql(value: string, texts: readonly string[], bind: Bind): string[] {
  const [text, other] = new Set(texts);
  if (text === undefined) return [];
  return [other === undefined ? `NOT (${value} = ${bind('String', text)})` : '1'];
}

function globsSql(value: string, globs: readonly string[], bind: Bind): string[] {
  if (globs.length <= globsTried) return globs.map((glob) => globSql(value, glob, bind));
  const patterns = globs.map((text) => ({ literal: '', pattern: { isNegated: false, kind: 'glob', text } as const }));
  return matchSql(value, patterns, bind);
}

/** A text, and behind it what fits a pattern. The pattern's sign does not count. */
export interface Continued {
  readonly literal: string;
  readonly pattern: Pattern;
}

/** Conditions of which one must hold if a value fits any of the patterns. */
export function matchSql(value: string, patterns: readonly Continued[], bind: Bind): string[] {
  return regexesOf(patterns).map((regex) => `match(${value}, ${bind('String', regex)})`);
}

/** The literal start is compared first: most values go no further. */
function globSql(value: string, glob: string, bind: Bind): string {
  const prefix = literalPrefix({ isNegated: false, kind: 'glob', text: glob });
  const like = `${value} LIKE ${bind('String', likePattern(glob))}`;
  return prefix === '' ? like : `(startsWith(${value}, ${bind('String', prefix)}) AND ${like})`;
}

/** Expressions that together fit what any of the patterns fits. */
function regexesOf(patterns: readonly Continued[]): string[] {
  const groups: string[][] = [];
  let characters = Number.POSITIVE_INFINITY;
  for (const { literal, pattern } of patterns) {
    const { kind, text } = pattern;
    const regex =
      quoted(literal) + (kind === 'glob' ? regexOf(text) : quoted(text)) + (kind === 'startsWith' ? '.*' : '');
    characters += regex.length;
    if (characters > regexCharactersMax) {
      groups.push([]);
      characters = regex.length;
    }
    groups.at(-1)?.push(regex);
  }
  return groups.map((group) => `(?s)\\A(?:${group.join('|')})\\z`);
}

function regexOf(glob: string): string {
  return glob.replace(/\*+|\?|[^*?]+/g, (piece) => (piece[0] === '*' ? '.*' : piece === '?' ? '.' : quoted(piece)));
}

/** As a regular expression that fits just the text. */
function quoted(text: string): string {
  return text.replace(/[\\^$.|+*?()[\]{}]/g, '\\$&').replaceAll('\0', '\\x00');
}
