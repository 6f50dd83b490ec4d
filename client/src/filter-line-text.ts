/**
 * The words of a line and the API's text query: words of which one must be there, `-` before one that must not, quotes
 * around a phrase.
 */
import { FilterLineError } from './filter-line-error.ts';
import { quoteIfNeeded } from './filter-line-terms.ts';

/** A word that means the same in a line as in a query. */
const plainWord = /^[+-]?[^\s"\\:=+!-][^\s"\\:=]*$/u;

/** What a word of a line is in the query. */
export function textOfWord(word: string, isNegated: boolean, isQuoted: boolean): string {
  if (word === '') throw new FilterLineError('An empty word finds nothing: leave it out.');
  const term = isQuoted ? `"${word.replaceAll('"', '\\"')}"` : word;
  return isNegated ? `-${term}` : term;
}

/** The terms of a line that give this query back: its words where they are plain, else all of it as it is. */
export function wordsOfText(query: string): string[] {
  const words = query.split(' ');
  return words.every((word) => plainWord.test(word)) ? words : [`text:${quoteIfNeeded(query, true)}`];
}
