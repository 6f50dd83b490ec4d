/**
 * A line of NDJSON on its way to a server: `received` is taken off, an id and a time are made where they are missing,
 * and the rest stays as it was written, numbers too.
 */
import { makeId } from '../../client/src/make-id.ts';
import { rawFields } from '../out/raw-fields.ts';

/** As a server exported it: nothing has to be parsed. */
const exported = new RegExp(
  '^(\\{"occurred":"[^"\\\\]+","event":.*,"id":"[0-9a-fA-F-]{36}","follows":(?:null|"[^"\\\\]*"))' +
    '(?:,"received":"[^"\\\\]*")?\\}$',
  's',
);

/** The text of an event as it is sent. Throws SyntaxError for what is no JSON object. */
export function lineToSend(line: string, nowMs = Date.now()): string {
  const cut = exported.exec(line);
  if (cut !== null) return `${cut[1]}}`;
  const parsed: unknown = JSON.parse(line);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new SyntaxError('It is no object');
  const made = {
    ...(!Object.hasOwn(parsed, 'occurred') && { occurred: new Date(nowMs).toISOString() }),
    ...(!Object.hasOwn(parsed, 'id') && { id: makeId(nowMs) }),
  };
  const text = Object.hasOwn(parsed, 'received') ? withoutReceived(line) : line.trim();
  const first = JSON.stringify(made).slice(1, -1);
  if (first === '') return text;
  return Object.keys(parsed).length === 0 ? `{${first}}` : `{${first},${text.slice(1)}`;
}

function withoutReceived(line: string): string {
  const { received: _, ...fields } = rawFields(line);
  return `{${Object.entries(fields)
    .map(([key, text]) => `"${key}":${text}`)
    .join(',')}}`;
}
