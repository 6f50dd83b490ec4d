/**
 * A line of NDJSON on its way to a server: `received` is taken off, an id and a time are made where they are missing,
 * and the rest stays as it was written, numbers too. What a server has exported is not parsed, nor even decoded.
 */
import { makeId } from '../../client/src/make-id.ts';
import { rawFields } from '../../client/src/raw-fields.ts';

/** The JSON of one event: the bytes of `block` from `start` to before `end`. */
export interface EventText {
  readonly block: Buffer;
  readonly start: number;
  readonly end: number;
}

const exportedStart = /^\{"occurred":"[^"\\]+","event":/;
const exportedEnd = /,"id":"[0-9a-fA-F-]{36}","follows":(?:null|"[^"\\]*")(,"received":"[^"\\]*")?\}$/;
/** As long as they are with the longest times and ids. */
const startBytes = 64;
const endBytes = 176;
const closingBrace = 0x7d;

/** What is sent of a line; it may write into the line's block. Throws SyntaxError for what is no JSON object. */
export function eventOfLine({ block, start, end }: EventText, nowMs = Date.now()): EventText {
  const last = exportedEnd.exec(block.toString('latin1', Math.max(start, end - endBytes), end));
  if (last !== null && exportedStart.test(block.toString('latin1', start, Math.min(end, start + startBytes)))) {
    const received = last[1]?.length ?? 0;
    block[end - received - 1] = closingBrace;
    return { block, start, end: end - received };
  }
  return textToSend(lineToSend(block.toString('utf8', start, end), nowMs));
}

export function textToSend(text: string): EventText {
  const block = Buffer.from(text);
  return { block, start: 0, end: block.length };
}

/** The same of a line of text. */
function lineToSend(line: string, nowMs: number): string {
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
