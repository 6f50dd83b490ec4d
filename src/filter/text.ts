/**
 * The text part of a filter: reads the query language of docs/prefect-facts.md, "Filters", into folded terms, and
 * applies them to the search text of an event (I6: the SQL looks for the same terms in the same text).
 */
import type { TextQuery } from '../../schemas/filter.ts';
import { foldText } from '../../schemas/stored-event.ts';
import { holdsText } from './find-text.ts';
import { LiteralScan } from './literal-scan.ts';

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

/** Terms times UTF-16 units of the text: from here on all terms are looked for at once. */
const scanMin = 256 * 1024;

export function textFits(query: TextQuery, search: string): boolean {
  const { include, required, exclude } = query;
  if ((include.length + required.length + exclude.length) * search.length >= scanMin)
    return longTextFits(query, search);
  const isHeld = (term: string): boolean => holdsText(search, term);
  return (include.length === 0 || include.some(isHeld)) && required.every(isHeld) && !exclude.some(isHeld);
}

function longTextFits({ include, required, exclude }: TextQuery, search: string): boolean {
  const scan = new LiteralScan([...include, ...required, ...exclude]);
  const awaited = new Uint8Array(scan.literals.length).fill(1);
  const held = new Set<string>();
  scan.scan(search, awaited, (literal) => {
    awaited[literal] = 0;
    held.add(scan.literals[literal]!);
    return held.size === awaited.length ? 'stop' : 'changed';
  });
  const isHeld = (term: string): boolean => held.has(term);
  return (include.length === 0 || include.some(isHeld)) && required.every(isHeld) && !exclude.some(isHeld);
}
