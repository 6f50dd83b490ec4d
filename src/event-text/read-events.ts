/**
 * From the bytes of a body or a message to canonical events, or to the reasons why not: parse, check, canonical text.
 * Nothing of it knows the log. Each error of docs/prefect-facts.md, "Sending events" comes from here.
 */
import { isUtf8 } from 'node:buffer';
import { issuesMax } from '../../schemas/validation-issue.ts';
import type { FailureName } from '../base/errors.ts';
import { issueLine } from '../base/issue-line.ts';
import { type CanonicalEvent, canonicalEvent, type ParsedEvent } from './canonical.ts';
import { isJson, isLarge } from './check-json.ts';
import {
  type EventIssue,
  type Explaining,
  explainEvent,
  explainScanned,
  isEventSteps,
  issue,
  tooLargeIssue,
} from './explain-event.ts';
import { finished, type Steps } from './in-slices.ts';
import { JsonScanner } from './json-scanner.ts';
import { judgeBytes, textDepthMax } from './judge-bytes.ts';
import { measureJson } from './measure-json.ts';
import { compactSteps } from './rewrite-json.ts';
import { type FieldSpans, scanEvent } from './scan-event.ts';
import { sparseEvent } from './sparse-event.ts';

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

/**
 * The body of POST /api/events; all of it is good, or nothing. `isJson` false: the content type makes the body one
 * string.
 */
export function readBatch(body: Buffer, isJson: boolean): ReadBatch {
  return finished(readBatchSteps(body, isJson));
}

/** The same in steps. */
export function* readBatchSteps(body: Buffer, isJson: boolean): Steps<ReadBatch> {
  if (body.length === 0) return refusedBatch('badText', [missingBody], 'null');
  const text = body.toString('utf8');
  if (!isJson) return notAList(JSON.stringify(text));
  if (!isUtf8(body)) return notJson(notUtf8, text);
  yield;
  const hopeless = judgeBytes(body);
  yield;
  if (hopeless !== null) return refusedBatch('badEvent', [hopeless], JSON.stringify(text));
  if (isTooDeep(body)) return notJson(tooDeep, text);
  const json = withoutMark(text);
  const scanner = new JsonScanner(json, text.length === body.length);
  if (scanner.peek() === 0x5b) return yield* readList(scanner, text);
  const parsed = parseJson(json);
  if (!parsed.ok) return notJson(parsed, text);
  if (parsed.value === null) return refusedBatch('badText', [missingBody], 'null');
  return notAList(yield* compactSteps(json));
}

/** Item by item, for the whole would be parsed in one go. */
function* readList(scanner: JsonScanner, text: string): Steps<ReadBatch> {
  const json = scanner.text;
  const events: CanonicalEvent[] = [];
  const issues: EventIssue[] = [];
  scanner.at += 1;
  let count = 0;
  for (let isOpen = scanner.peek() !== 0x5d; isOpen; count += 1) {
    scanner.peek();
    const start = scanner.at;
    const spans = scanEvent(scanner);
    const item = json.slice(start, scanner.at);
    const parsed = readItem(item);
    isOpen = scanner.peek() === 0x2c;
    if (!parsed.ok || !(isOpen || scanner.peek() === 0x5d)) return notJson(brokenOff(json, parsed, start), text);
    if (isOpen) scanner.at += 1;
    yield;
    if (issues.length >= issuesMax) continue;
    const event = (yield* isEventSteps(json, spans)) ? canonicalOf(scanner, spans, parsed.value) : null;
    if (event !== null && !event.isTooLarge) events.push(event);
    else if (event !== null) issues.push(tooLargeIssue(event.body.id, ['body', count]));
    else yield* takeIssueSteps(issues, explainEvent(yield* compactSteps(item), ['body', count]));
  }
  scanner.at += 1;
  if (!Number.isNaN(scanner.peek())) return notJson(brokenOff(json, tooLong, scanner.at), text);
  if (issues.length === 0) return { ok: true, events };
  return refusedBatch('badEvent', issues, yield* compactSteps(json), count);
}

/** One text message of /api/events/in. */
export function readMessage(bytes: Buffer): ReadMessage {
  if (!isUtf8(bytes)) return refusedMessage('badText', 'The message is not UTF-8');
  if (isTooDeep(bytes)) return refusedMessage('badText', `The message is not JSON: ${tooDeep.words}`);
  const json = withoutMark(bytes.toString('utf8'));
  const scanner = new JsonScanner(json, json.length === bytes.length);
  const spans = scanEvent(scanner);
  const parsed = readItem(json);
  if (!parsed.ok) return refusedMessage('badText', `The message is not JSON: ${parsed.words}`);
  const issues: EventIssue[] = [];
  // Of what is shown nothing is quoted: it need not be canonical.
  finished(takeIssueSteps(issues, explainScanned(json, spans)));
  if (issues.length === 0) return { ok: true, event: canonicalOf(scanner, spans, parsed.value) };
  return refusedMessage('badEvent', issueLine(issues, 'The message is not an event'));
}

const missingBody = issue('missing', 'Field required', ['body'], 'null');

type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly offset: number; readonly words: string };

type NotJson = ParsedJson & { readonly ok: false };

const notUtf8: NotJson = { ok: false, offset: 0, words: 'The body is not UTF-8' };
const tooDeep: NotJson = { ok: false, offset: 0, words: `Nested deeper than ${textDepthMax} levels` };
const tooLong: NotJson = { ok: false, offset: 0, words: 'Unexpected text behind the list' };
const largeNotJson: NotJson = { ok: false, offset: 0, words: 'The event is not JSON' };
const noComma: NotJson = { ok: false, offset: 0, words: "Expected ',' or ']'" };

function isTooDeep(bytes: Buffer): boolean {
  return bytes.length > 2 * textDepthMax && measureJson(bytes, 0).depth > textDepthMax;
}

/** Of a large text no value is made yet. */
function readItem(item: string): ParsedJson {
  if (!isLarge(item)) return parseJson(item);
  return isJson(item) ? { ok: true, value: undefined } : largeNotJson;
}

/** Of an event. `value` is that of its text, if it was made; `spans` are those of its fields. */
function canonicalOf(scanner: JsonScanner, spans: FieldSpans, value: unknown): CanonicalEvent {
  if (value === undefined) return canonicalEvent(scanner, spans, sparseEvent(scanner.text, spans));
  return canonicalEvent(scanner, spans, value as ParsedEvent); // it is an event
}

function parseJson(json: string): ParsedJson {
  try {
    return { ok: true, value: JSON.parse(json) };
  } catch (error) {
    const words = error instanceof SyntaxError ? error.message : 'Not JSON';
    const [, position = '0'] = /at position (\d+)/.exec(words) ?? [];
    // V8 quotes the text around an unexpected token; the first words say enough.
    return { ok: false, offset: Number(position), words: words.replace(/, (?:\.\.\.)?".*$/s, '') };
  }
}

/** So much is parsed once more for the parser's own words. */
const reparsedCharactersMax = 64 * 1024;

/** Why a list is no JSON; `at` is where the item began that is none, or what stands where it should not. */
function brokenOff(json: string, parsed: ParsedJson, at: number): NotJson {
  const whole = json.length <= reparsedCharactersMax ? parseJson(json) : parsed;
  if (whole === parsed && !parsed.ok) return { ...parsed, offset: at + parsed.offset };
  return whole.ok ? { ...noComma, offset: at } : whole;
}

function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

function notAList(json: string): ReadBatch {
  return refusedBatch('badEvent', [issue('list_type', 'Input should be a valid list', ['body'], json)], json);
}

function notJson({ offset, words }: NotJson, text: string): ReadBatch {
  const reason = issue('json_invalid', 'JSON decode error', ['body', offset], '{}', { error: words });
  return refusedBatch('badText', [reason], JSON.stringify(text));
}

function* takeIssueSteps(issues: EventIssue[], more: Explaining): Steps<void> {
  for (const each of more) {
    if (issues.length >= issuesMax) return;
    if (each === undefined) yield;
    else issues.push(each);
  }
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
