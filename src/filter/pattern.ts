/**
 * What a label pattern means (PROTOCOL-FACTS §3): `*` any run, `?` one code point, a leading `!` negates, all else is plain.
 * The predicate, the SQL and the filter index read a pattern through this one parse (I6).
 */
import { resourceIdLabel, resourceRoleLabel } from '../../schemas/event.ts';

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

/** Where no condition is meant: `[]` and `""` for an id or, among related resources, a role. */
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
      return (value) => globFits(text, value);
  }
}

/** Two pointers, back to the last `*` on a mismatch: no exponential case, as a regular expression would have. */
function globFits(glob: string, value: string): boolean {
  let inGlob = 0;
  let inValue = 0;
  let lastStar = -1;
  let retryFrom = 0;
  while (inValue < value.length) {
    const wanted = glob[inGlob];
    if (wanted === '*') {
      lastStar = inGlob;
      inGlob += 1;
      retryFrom = inValue;
    } else if (wanted === '?') {
      inGlob += 1;
      inValue += codePointSize(value, inValue);
    } else if (wanted !== undefined && wanted === value[inValue]) {
      inGlob += 1;
      inValue += 1;
    } else if (lastStar >= 0) {
      inGlob = lastStar + 1;
      retryFrom += codePointSize(value, retryFrom);
      inValue = retryFrom;
    } else {
      return false;
    }
  }
  while (glob[inGlob] === '*') inGlob += 1;
  return inGlob === glob.length;
}

function codePointSize(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}
