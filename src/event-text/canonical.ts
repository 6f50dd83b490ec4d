/**
 * From the sent text of an event to its one canonical text (docs/design.md, "Taking events in"; I2), made from the
 * bytes as sent: key order and the text of numbers stay, which JSON.parse and JSON.stringify would not keep.
 */
import { type EventBody, eventBytesMax, type Labels } from '../../schemas/event.ts';
import { foldText, searchSeparator } from '../../schemas/stored-event.ts';
import { parseTime } from '../filter/time.ts';
import { parseUuid } from '../filter/uuid.ts';
import { isLarge, repeatsKey } from './check-json.ts';
import { type Collect, JsonScanner, type Span } from './json-scanner.ts';
import { countFlatKeys, countKeys, rewriteJson } from './rewrite-json.ts';
import type { FieldSpans } from './scan-event.ts';

/** `body` has no payload where the event is large. */
export interface CanonicalEvent {
  /** The canonical text without `received` and its closing brace: `finishRaw` ends it. */
  readonly open: string;
  /** UTF-8 bytes of the text before `,"payload"`. */
  readonly head: number;
  /** Whether text and search text are ASCII: then they are written byte by character. */
  readonly isAscii: boolean;
  /** See StoredEvent. */
  readonly search: string;
  readonly body: EventBody;
  /** Larger than an event may be, as JSON without `received`. */
  readonly isTooLarge: boolean;
}

/** The canonical text with its time of receipt (canonical, too). */
export function finishRaw(event: Pick<CanonicalEvent, 'open'>, received: string): string {
  return `${event.open},"received":"${received}"}`;
}

/** The canonical text that `finishRaw` has ended. */
export function openOf(raw: string): string {
  return raw.slice(0, raw.lastIndexOf(',"received":"'));
}

/** Of an event (`isEventSteps`), as JSON.parse makes it; unknown fields may be there too. */
export interface ParsedEvent {
  readonly occurred: string | number;
  readonly event: string;
  readonly resource: Labels;
  readonly related?: readonly Labels[];
  readonly payload?: Readonly<Record<string, unknown>>;
  readonly id: string;
  readonly follows?: string | null;
}

/** `spans` are the event's own, in the text of the scanner that made them. Throws if it is no event. */
export function canonicalEvent(scanner: JsonScanner, spans: FieldSpans, sent: ParsedEvent): CanonicalEvent {
  const { text } = scanner;
  const body = bodyOf(sent);
  const resource = canonicalField(text, spans.resource, sent.resource, 'values');
  const related = canonicalField(text, spans.related, sent.related, 'values');
  const payload = canonicalField(text, spans.payload, sent.payload, 'all');
  const name =
    spans.event?.hasEscape === false ? text.slice(spans.event.start, spans.event.end) : JSON.stringify(sent.event);
  const resources = `"resource":${resource?.json ?? '{}'},"related":${related?.json ?? '[]'}`;
  const head = `{"occurred":"${body.occurred}","event":${name},${resources}`;
  const follows = body.follows === null ? 'null' : `"${body.follows}"`;
  const rest = `,"payload":${payload?.json ?? '{}'},"id":"${body.id}","follows":${follows}`;
  const isPlain = scanner.isAscii && hasNoEscape(spans);
  const headBytes = isPlain ? head.length : Buffer.byteLength(head);
  const bytes = headBytes + (isPlain ? rest.length : Buffer.byteLength(rest));
  const folded = isPlain ? sent.event.toLowerCase() : foldText(sent.event);
  const ofResources = `${resource?.search ?? ''}${related?.search ?? ''}`;
  const search = `${folded}${searchSeparator}${ofResources}${payload?.search ?? ''}`;
  return {
    open: head + rest,
    head: headBytes,
    // An escape in the text may stand for more than ASCII in the search text.
    isAscii: isPlain || (bytes === head.length + rest.length && Buffer.byteLength(search) === search.length),
    search,
    body,
    isTooLarge: bytes + 1 > eventBytesMax,
  };
}

function bodyOf(sent: ParsedEvent): EventBody {
  const occurred = parseTime(sent.occurred);
  const id = parseUuid(sent.id);
  const follows = sent.follows == null ? null : parseUuid(sent.follows);
  if (!occurred.ok || !id.ok || follows?.ok === false) throw new Error('canonicalEvent was given what is no event');
  return {
    occurred: occurred.time,
    event: sent.event,
    resource: sent.resource,
    related: sent.related ?? [],
    payload: sent.payload ?? {},
    id: id.id,
    follows: follows === null ? null : follows.id,
  };
}

function hasNoEscape({ event, resource, related, payload }: FieldSpans): boolean {
  return !(event?.hasEscape || resource?.hasEscape || related?.hasEscape || payload?.hasEscape);
}

/** The field's text as sent where that is canonical, else rewritten; null for an absent field. */
function canonicalField(text: string, span: Span | null, value: unknown, collect: Collect) {
  if (span === null) return null;
  const sent = text.slice(span.start, span.end);
  if (span.isCanonical && hasKeysOnce(sent, span, value)) return { json: sent, search: span.search };
  const json = rewriteJson(sent);
  return { json, search: new JsonScanner(json).value(collect).search };
}

/** Of a large one the values were not made (sparse-event.ts). */
function hasKeysOnce(sent: string, span: Span, value: unknown): boolean {
  return isLarge(sent) ? !repeatsKey(sent) : span.keys === keysOf(span, value);
}

function keysOf({ depth }: Span, value: unknown): number {
  const isFlat = depth === 1 || (depth === 2 && Array.isArray(value));
  return isFlat ? countFlatKeys(value) : countKeys(value);
}
