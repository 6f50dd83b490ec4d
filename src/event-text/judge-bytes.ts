/**
 * What is refused by its bytes alone (I4): parsing and explaining a large body that cannot be a list of events would
 * hold up everybody else for seconds. A text that passes is judged by its content.
 */
import { eventBytesMax } from '../../schemas/event.ts';
import { type EventIssue, issue, tooLargeIssue } from './explain-event.ts';
import { measureJson } from './measure-json.ts';
import { membersOf } from './rewrite-json.ts';

/** Times and ids may be sent in longer forms than they are kept in; so much more is not judged here. */
export const beyondBytes = eventBytesMax + 64 * 1024;
/** A large list is refused if its items have fewer bytes than this on average: no event is so short. */
const itemBytesMin = 64;

/** No text is parsed that nests deeper: JSON.parse would take seconds and half a gigabyte for the deepest body. */
export const textDepthMax = 10_000;

/** True if one text is too large for an event, whatever it says. */
export function isBeyondEvent(bytes: Buffer): boolean {
  return bytes.length > beyondBytes && measureJson(bytes, 0).largest.bytes > beyondBytes;
}

/** Why a body of events is refused unread, or null. */
export function judgeBytes(body: Buffer): EventIssue | null {
  if (body.length <= beyondBytes) return null;
  if (body.toString('utf8', 0, headBytes).trimStart().startsWith('{')) {
    return issue('list_type', 'Input should be a valid list', ['body'], 'null');
  }
  const itemsMax = Math.floor(body.length / itemBytesMin);
  const { items, largest, depth } = measureJson(body, 1, itemsMax);
  // Too deep to be read at all: the reader says so.
  if (depth > textDepthMax) return null;
  if (items > itemsMax) {
    const msg = `Value error, more than ${itemsMax} items in ${body.length} bytes cannot all be events`;
    return issue('value_error', msg, ['body'], 'null', { error: {} });
  }
  return largest.bytes > beyondBytes
    ? tooLargeIssue(idOf(body.toString('utf8', largest.at)), ['body', largest.index])
    : null;
}

/** The id in the text that begins with an event, as it was sent; empty if it has none. */
function idOf(text: string): string {
  for (const [name, json] of membersOf(text.trimStart())) {
    if (name === 'id' && json.length <= idCharactersMax) return json.replaceAll('"', '');
  }
  return '';
}

const idCharactersMax = 64;
const headBytes = 1024;
