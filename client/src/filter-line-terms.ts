/**
 * A line cut into its terms: quotes, separators and the sign in front. It knows no field.
 */
import { FilterLineError } from './filter-line-error.ts';

export interface Term {
  readonly isNegated: boolean;
  /** What stands before the separator; empty without one. */
  readonly name: string;
  readonly separator: ':' | '=' | null;
  readonly value: string;
  /** Whether the value stood in quotes. */
  readonly isQuoted: boolean;
}

const blank = /\s/u;

/** Throws FilterLineError for a quote that is not closed, or that stands within a word. */
export function splitTerms(line: string): Term[] {
  return Array.from(termsOf(line), ({ term }) => term);
}

/** The terms of a line, each as it stands there. Throws as `splitTerms` does. */
export function termTexts(line: string): string[] {
  return Array.from(termsOf(line), ({ start, next }) => line.slice(start, next));
}

function* termsOf(line: string): Generator<{ term: Term; start: number; next: number }> {
  for (let at = 0; ; ) {
    while (at < line.length && blank.test(line[at] ?? '')) at += 1;
    if (at >= line.length) return;
    const { term, next } = readTerm(line, at);
    yield { term, start: at, next };
    at = next;
  }
}

function readTerm(line: string, start: number): { term: Term; next: number } {
  const isNegated = line[start] === '-' && start + 1 < line.length && !blank.test(line[start + 1] ?? '');
  const first = readPiece(line, isNegated ? start + 1 : start, /[\s:=]/u);
  const mark = line[first.next];
  if (mark !== ':' && mark !== '=') {
    const { text, isQuoted, next } = first;
    return { term: { isNegated, name: '', separator: null, value: text, isQuoted }, next };
  }
  const { text: value, isQuoted, next } = readPiece(line, first.next + 1, blank);
  return { term: { isNegated, name: first.text, separator: mark, value, isQuoted }, next };
}

/** A bare piece ends before `end`, a quoted one behind its second quote. */
function readPiece(line: string, start: number, end: RegExp): { text: string; isQuoted: boolean; next: number } {
  if (line[start] !== '"') {
    let next = start;
    while (next < line.length && !end.test(line[next] ?? '')) next += 1;
    const text = line.slice(start, next);
    if (!text.includes('"')) return { text, isQuoted: false, next };
    throw new FilterLineError(`A quote stands within ${text}: put quotes around all of it, with \\" for those inside.`);
  }
  let text = '';
  for (let at = start + 1; at < line.length; at += 1) {
    const character = line[at] ?? '';
    if (character === '"') return { text, isQuoted: true, next: refuseGlued(line, at + 1) };
    if (character === '\\' && /["\\]/.test(line[at + 1] ?? '')) at += 1;
    text += line[at] ?? '';
  }
  throw new FilterLineError(`The quote before ${line.slice(start + 1)} is not closed.`);
}

function refuseGlued(line: string, next: number): number {
  if (next >= line.length || /[\s:=]/u.test(line[next] ?? '')) return next;
  throw new FilterLineError(`A blank is missing behind the quote before ${line.slice(next)}.`);
}

/** A value as it stands in a line. */
export function quoteIfNeeded(value: string, isNeeded = false): string {
  if (!isNeeded && value !== '' && !/[\s"]/u.test(value)) return value;
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}
