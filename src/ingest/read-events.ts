/**
 * From the bytes of a body or a message to canonical events, or to the reasons why not: parse, check, canonical text
 * (DESIGN §1). Nothing of it knows the log. Each error of PROTOCOL-FACTS §2 comes from here.
 */
import { isUtf8 } from 'node:buffer';
import { hasEventShape } from '../../schemas/event-check.ts';
import { issuesMax } from '../../schemas/validation-issue.ts';
import type { FailureName } from '../errors.ts';
import { type CanonicalEvent, canonicalEvent, scanEvent } from './canonical.ts';
import { type EventIssue, explainEvent, issue, tooLargeIssue } from './explain-event.ts';
import { JsonScanner } from './json-scanner.ts';
import { judgeBytes, textDepthMax } from './judge-bytes.ts';
import { compactJson } from './rewrite-json.ts';

export type ReadBatch =
  | { readonly ok: true; readonly events: readonly CanonicalEvent[] }
  | {
      readonly ok: false;
      readonly failure: FailureName;
      /** How many events were refused; 1 where they are not known. */
      readonly count: number;
      readonly issues: readonly EventIssue[];
      readonly requestBodyJson: string;
    };

export type ReadMessage =
  | { readonly ok: true; readonly event: CanonicalEvent }
  | { readonly ok: false; readonly failure: FailureName; readonly reason: string };

/** The body of POST /api/events; all of it is good, or nothing. `isJson` false: the content type makes the body one string. */
export function readBatch(body: Buffer, isJson: boolean): ReadBatch {
  if (body.length === 0) return refusedBatch('badText', [missingBody], 'null');
  const text = body.toString('utf8');
  if (!isJson) return notAList(JSON.stringify(text));
  const json = withoutMark(text);
  const hopeless = isUtf8(body) ? judgeBytes(body) : null;
  if (hopeless !== null) return refusedBatch('badEvent', [hopeless], JSON.stringify(text));
  const parsed = isUtf8(body) ? parseJson(json) : notUtf8;
  if (!parsed.ok) return refusedBatch('badText', [notJsonIssue(parsed)], JSON.stringify(text));
  const { value } = parsed;
  if (value === null) return refusedBatch('badText', [missingBody], 'null');
  if (!Array.isArray(value)) return notAList(compactJson(json));
  const scanner = new JsonScanner(json, text.length === body.length);
  enterList(scanner);
  const events: CanonicalEvent[] = [];
  const issues: EventIssue[] = [];
  for (let index = 0; index < value.length && issues.length < issuesMax; index += 1) {
    const start = nextItem(scanner);
    const read = readEvent(scanner, value[index]);
    if (read !== null && !read.isTooLarge) events.push(read);
    else if (read !== null) issues.push(tooLargeIssue(read.body.id, ['body', index]));
    else takeIssues(issues, explainEvent(compactJson(json.slice(start, scanner.at)), ['body', index]));
  }
  return issues.length === 0 ? { ok: true, events } : refusedBatch('badEvent', issues, compactJson(json), value.length);
}

/** One text message of /api/events/in. */
export function readMessage(bytes: Buffer): ReadMessage {
  if (!isUtf8(bytes)) return refusedMessage('badText', 'The message is not UTF-8');
  const json = withoutMark(bytes.toString('utf8'));
  const parsed = parseJson(json);
  if (!parsed.ok) return refusedMessage('badText', `The message is not JSON: ${parsed.words}`);
  const event = readEvent(new JsonScanner(json, json.length === bytes.length), parsed.value);
  if (event !== null) return { ok: true, event };
  const issues: EventIssue[] = [];
  takeIssues(issues, explainEvent(compactJson(json.trim()), []));
  return refusedMessage('badEvent', sentenceOf(issues));
}

const missingBody = issue('missing', 'Field required', ['body'], 'null');

type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly offset: number; readonly words: string };

const notUtf8: ParsedJson = { ok: false, offset: 0, words: 'The body is not UTF-8' };

/** Passes the event at the scanner's place, whose parsed value is given; null if it is refused. */
function readEvent(scanner: JsonScanner, value: unknown): CanonicalEvent | null {
  const spans = scanEvent(scanner);
  return hasEventShape(value) ? canonicalEvent(scanner, spans, value) : null;
}

function parseJson(json: string): ParsedJson {
  if (json.length > 2 * textDepthMax && new JsonScanner(json).value('nothing').depth > textDepthMax) {
    return { ok: false, offset: 0, words: `Nested deeper than ${textDepthMax} levels` };
  }
  try {
    return { ok: true, value: JSON.parse(json) };
  } catch (error) {
    const words = error instanceof SyntaxError ? error.message : 'Not JSON';
    const [, position = '0'] = /at position (\d+)/.exec(words) ?? [];
    // V8 quotes the text around an unexpected token; the first words say enough.
    return { ok: false, offset: Number(position), words: words.replace(/, (?:\.\.\.)?".*$/s, '') };
  }
}

function enterList(scanner: JsonScanner): void {
  scanner.peek();
  scanner.at += 1;
}

/** Where the next item of the list starts. */
function nextItem(scanner: JsonScanner): number {
  if (scanner.peek() === 0x2c) scanner.at += 1;
  scanner.peek();
  return scanner.at;
}

function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

function notAList(json: string): ReadBatch {
  return refusedBatch('badEvent', [issue('list_type', 'Input should be a valid list', ['body'], json)], json);
}

function notJsonIssue({ offset, words }: { readonly offset: number; readonly words: string }): EventIssue {
  return issue('json_invalid', 'JSON decode error', ['body', offset], '{}', { error: words });
}

function takeIssues(issues: EventIssue[], more: Iterable<EventIssue>): void {
  for (const each of more) {
    if (issues.length >= issuesMax) return;
    issues.push(each);
  }
}

/** One line for a close frame, whose reason has 123 bytes: the first issue. */
function sentenceOf([first, ...others]: readonly EventIssue[]): string {
  if (first === undefined) return 'The message is not an event';
  const place = first.loc.length === 0 ? '' : `${first.loc.join('.')}: `;
  return `${place}${first.msg}${others.length === 0 ? '' : ` (and ${others.length} more)`}`;
}

function refusedBatch(
  failure: FailureName,
  issues: readonly EventIssue[],
  requestBodyJson: string,
  count = 1,
): ReadBatch {
  return { ok: false, failure, count, issues, requestBodyJson };
}

function refusedMessage(failure: FailureName, reason: string): ReadMessage {
  return { ok: false, failure, reason };
}
