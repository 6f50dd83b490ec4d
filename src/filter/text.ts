/**
 * The text part of a filter: reads the query language of PROTOCOL-FACTS §3 into folded terms, and applies them to the
 * search text of an event (I6: the SQL looks for the same terms in the same text).
 */
import type { TextQuery } from '../../schemas/filter.ts';
import { foldText } from '../../schemas/stored-event.ts';

/** Python's idea of a blank, which decides where a term ends. */
const blank = '[\\t-\\r\\x1c-\\x20\\x85\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const notInTerm = blank.replace('[', '[^"');
/** A blank, a prefix without a term, a quoted phrase, or a term. */
const token = new RegExp(
  `${blank}+|[-!+](?=${blank}|$)|(?<prefix>[-!+]?)(?:"(?<phrase>(?:\\\\[^]|[^"\\\\]|\\\\$)*)"?|(?<term>${notInTerm}+))`,
  'gu',
);
const onlyBlanks = new RegExp(`^${blank}*$`, 'u');

/** Null where the query holds no term: no condition. */
export function parseTextQuery(query: string): TextQuery | null {
  const include: string[] = [];
  const required: string[] = [];
  const exclude: string[] = [];
  for (const { groups } of query.matchAll(token)) {
    const term = groups?.term ?? groups?.phrase?.replace(/\\(["\\])/g, '$1') ?? '';
    if (onlyBlanks.test(term)) continue;
    const list = groups?.prefix === '' ? include : groups?.prefix === '+' ? required : exclude;
    list.push(foldText(term));
  }
  return include.length + required.length + exclude.length === 0 ? null : { include, required, exclude };
}

export function textFits({ include, required, exclude }: TextQuery, search: string): boolean {
  if (include.length > 0 && !include.some((term) => search.includes(term))) return false;
  return required.every((term) => search.includes(term)) && !exclude.some((term) => search.includes(term));
}
