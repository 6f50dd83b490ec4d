/**
 * What a label pattern means (docs/prefect-facts.md, "Filters"): `*` any run, `?` one code point, a leading `!`
 * negates, all else is plain. The predicate, the SQL and the filter index read a pattern through this one parse (I6).
 */
import { resourceIdLabel, resourceRoleLabel } from '../../schemas/event.ts';
import { compileGlob, parseGlob } from './glob.ts';
import { createGlobSet } from './glob-set.ts';
import { anyOf, anyPrefix } from './text-sets.ts';

export interface Pattern {
  readonly isNegated: boolean;
  /** `equals`: text is the whole value; `startsWith`: text, then anything; `glob`: text still holds its `*` and `?`. */
  readonly kind: 'equals' | 'startsWith' | 'glob';
  readonly text: string;
}

/** The pattern of one label. A role has no globs and no `!`. */
export function parsePattern(label: string, pattern: string): Pattern {
  if (label === resourceRoleLabel) return { isNegated: false, kind: 'equals', text: pattern };
  const isNegated = pattern.startsWith('!');
  const text = isNegated ? pattern.slice(1) : pattern;
  const firstWild = text.search(/[*?]/);
  if (firstWild === -1) return { isNegated, kind: 'equals', text };
  const isPrefix = /^\*+$/.test(text.slice(firstWild));
  return isPrefix
    ? { isNegated, kind: 'startsWith', text: text.slice(0, firstWild) }
    : { isNegated, kind: 'glob', text };
}

export function compilePattern(pattern: Pattern): (value: string) => boolean {
  const fits = compilePositive(pattern);
  return pattern.isNegated ? (value) => !fits(value) : fits;
}

/** Whether a value fits any of the patterns, at a cost that their number hardly changes. */
export function compilePatterns(patterns: readonly Pattern[]): (value: string) => boolean {
  const [only] = patterns;
  if (only !== undefined && patterns.length === 1) return compilePattern(only);
  const fitting: TextsByKind = { equals: [], startsWith: [], glob: [] };
  const unfitting: TextsByKind = { equals: [], startsWith: [], glob: [] };
  for (const { isNegated, kind, text } of patterns) (isNegated ? unfitting : fitting)[kind].push(text);
  const globs = fitting.glob.map(parseGlob);
  const globSet = createGlobSet(globs);
  const tests = [
    anyOf(fitting.equals),
    anyPrefix(fitting.startsWith),
    globs.length === 0 ? null : globSet.any,
    anyUnequal(unfitting.equals),
    anyOtherStart(unfitting.startsWith),
    anyUnfit(unfitting.glob),
  ].filter((test) => test !== null);
  const [first, second] = tests;
  if (first !== undefined && second === undefined) return first;
  return (value) => tests.some((test) => test(value));
}

type Test = (value: string) => boolean;

type TextsByKind = Record<Pattern['kind'], string[]>;

function anyUnequal(texts: readonly string[]): Test | null {
  const [text, other] = new Set(texts);
  if (text === undefined) return null;
  return other === undefined ? (value) => value !== text : () => true;
}

/** A value can start with all of the texts only if each is the start of the longest. */
function anyOtherStart(texts: readonly string[]): Test | null {
  if (texts.length === 0) return null;
  const longest = texts.reduce((one, other) => (other.length > one.length ? other : one));
  if (!texts.every((text) => longest.startsWith(text))) return () => true;
  return (value) => !value.startsWith(longest);
}

function anyUnfit(texts: readonly string[]): Test | null {
  if (texts.length === 0) return null;
  const globs = createGlobSet(texts.map(parseGlob));
  return (value) => !globs.all(value);
}

/** What every fitting value starts with; '' where nothing can be said. */
export function literalPrefix({ isNegated, kind, text }: Pattern): string {
  if (isNegated) return '';
  return kind === 'glob' ? text.slice(0, text.search(/[*?]/)) : text;
}

/** The same glob as the pattern of an SQL LIKE. */
export function likePattern(text: string): string {
  return text
    .replace(/[\\%_]/g, '\\$&')
    .replaceAll('*', '%')
    .replaceAll('?', '_');
}

/** Whether no condition is meant: by `[]` or `""` for an id or, among related resources, for a role. */
export function isUnconditional(label: string, value: string | readonly string[]): boolean {
  return (label === resourceIdLabel || label === resourceRoleLabel) && value.length === 0;
}

function compilePositive({ kind, text }: Pattern): (value: string) => boolean {
  switch (kind) {
    case 'equals':
      return (value) => value === text;
    case 'startsWith':
      return (value) => value.startsWith(text);
    case 'glob':
      return compileGlob(parseGlob(text));
  }
}
