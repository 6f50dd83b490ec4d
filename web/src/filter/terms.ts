/** Terms of the one-line filter, made of what a person clicked on. */
import { quoteIfNeeded, termTexts } from '../../../client/src/filter-line-terms.ts';
import { address, go } from '../base/address.ts';
import { readLine } from './asked.ts';
import { refusal } from './refusal.ts';

type Field = 'event' | 'resource' | 'id' | 'since' | 'until';

export function fieldTerm(field: Field, value: string): string {
  return `${field}:${quoteIfNeeded(value)}`;
}

export function labelTerm(key: string, value: string): string {
  return `${labelName(key)}=${quoteIfNeeded(value)}`;
}

/** As it stands before the `=`. */
export function labelName(key: string): string {
  return quoteIfNeeded(key, /^-|[:=]/.test(key));
}

export function relatedTerm(id: string, role: string | undefined): string {
  return `related:${quoteIfNeeded(role === undefined ? id : `${id}&role=${role}`)}`;
}

/** The same resource from then on, oldest first. */
export function followLine(resourceId: string, occurred: string): string {
  return `${fieldTerm('resource', resourceId)} ${fieldTerm('since', occurred)}`;
}

/** Adds terms to the line, unless they stand there already. Says what cannot be said. */
export function addTerms(...terms: readonly string[]): boolean {
  const { line } = address.value;
  const present = new Set(line === '' ? [] : termTexts(line));
  return useLine([line, ...terms.filter((term) => !present.has(term))].filter((text) => text !== '').join(' '));
}

/** In the place of terms of the same fields. */
export function replaceFields(fields: readonly Field[], ...terms: readonly string[]): boolean {
  const others = termTexts(address.value.line).filter((text) => !fields.some((field) => text.startsWith(`${field}:`)));
  return useLine([...others, ...terms].join(' '));
}

/** The line, if it is one; else why not is told, and false. */
export function useLine(line: string): boolean {
  const { refusal: why } = readLine(line, Date.now());
  refusal.value = why;
  if (why === null) go({ line });
  return why === null;
}
