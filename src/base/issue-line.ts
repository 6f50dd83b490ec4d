/**
 * What is wrong with a message, in one line: for close frames, reject frames and the log. However long the message is,
 * the line is not.
 */
import type { ValidationIssue } from '../../schemas/validation-issue.ts';
import { cutText } from './log-limit.ts';

const partCharactersMax = 200;
const wordsCharactersMax = 500;

/**
 * The first issue, and how many more there are; `none` where there is no issue. Each text is cut before they are put
 * together.
 */
export function issueLine([first, ...others]: readonly Pick<ValidationIssue, 'loc' | 'msg'>[], none: string): string {
  if (first === undefined) return none;
  const place = first.loc.map((part) => cutText(String(part), partCharactersMax)).join('.');
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return `${place}${place === '' ? '' : ': '}${cutText(first.msg, wordsCharactersMax)}${more}`;
}
