/**
 * The rules of an event (docs/prefect-facts.md, "Sending events"): an event is taken if there is no issue with it.
 * Issues are in Pydantic's words, all at once, in the order of the model's fields. The text is read, so that what is
 * shown of the input is what was sent. They come one by one, so that a body of nothing but errors costs no more than
 * the caller takes; where looking for the next one is long, steps end between. Only the compiled reader (compiled/)
 * says the rules once more; a test holds the two together.
 */
import {
  eventBytesMax,
  eventNameCharactersMax,
  labelsMax,
  payloadDepthMax,
  relatedMax,
  resourceIdLabel,
  resourceRoleLabel,
} from '../../schemas/event.ts';
import type { Location, ValidationIssue } from '../../schemas/validation-issue.ts';
import { parseTime } from '../filter/time.ts';
import { parseUuid } from '../filter/uuid.ts';
import type { Steps } from './in-slices.ts';
import { membersOf } from './rewrite-json.ts';
import type { FieldSpans } from './scan-event.ts';

/** `inputJson` is the input as sent: the parsed one has lost the text of numbers, and may be too deep to print. */
export interface EventIssue extends ValidationIssue {
  readonly inputJson: string;
}

/** An issue, or undefined where a step ends. */
export type Explaining = Generator<EventIssue | undefined, void, undefined>;

/** Every issue of the event with this text (JSON, no white space around it); none if it is accepted. */
export function* explainEvent(json: string, loc: Location): Explaining {
  if (!json.startsWith('{')) {
    yield issue('model_attributes_type', objectWanted, loc, json);
    return;
  }
  const fields = new Map<string | number, Field>();
  for (const [name, field, depth] of membersOf(json)) fields.set(name, { json: field, depth });
  yield* explainFields((name) => fields.get(name), json, loc);
}

/** The same of JSON whose fields have been found: `spans` are those of the event's fields in `text`. */
export function* explainScanned(text: string, spans: FieldSpans): Explaining {
  if (!spans.isObject) {
    yield issue('model_attributes_type', objectWanted, [], text);
    return;
  }
  const fieldOf = (name: FieldName): Field | undefined => {
    const span = spans[name];
    return span === null ? undefined : { json: text.slice(span.start, span.end), depth: span.depth };
  };
  yield* explainFields(fieldOf, text, []);
}

/** Whether `explainScanned` has no issue. */
export function* isEventSteps(text: string, spans: FieldSpans): Steps<boolean> {
  for (const found of explainScanned(text, spans)) {
    if (found !== undefined) return false;
    yield;
  }
  return true;
}

/** `depth`: levels of nesting. */
interface Field {
  readonly json: string;
  readonly depth: number;
}

type FieldName = Exclude<keyof FieldSpans, 'isObject'>;

function* explainFields(fieldOf: (name: FieldName) => Field | undefined, json: string, loc: Location): Explaining {
  for (const [name, isRequired, check] of checks) {
    const field = fieldOf(name);
    if (field !== undefined) yield* check(field.json, [...loc, name], field.depth);
    else if (isRequired) yield issue('missing', 'Field required', [...loc, name], json);
  }
}

/** The issue of an event that is valid and too large; it shows the id, for the rest is what is too large. */
export function tooLargeIssue(id: string, loc: Location): EventIssue {
  return valueError(`The event ${id} is larger than ${eventBytesMax} bytes as JSON`, loc, JSON.stringify(id));
}

export function issue(
  type: string,
  msg: string,
  loc: Location,
  inputJson: string,
  ctx?: ValidationIssue['ctx'],
): EventIssue {
  const parts = {
    type,
    loc,
    msg,
    inputJson,
    get input(): unknown {
      return JSON.parse(inputJson);
    },
  };
  return ctx === undefined ? parts : Object.assign(parts, { ctx });
}

type Check = (json: string, loc: Location, depth: number) => Iterable<EventIssue | undefined>;

const objectWanted = 'Input should be a valid dictionary or object to extract fields from';

/** Name, whether it is required, and the check: in the order of the model. */
const checks: readonly (readonly [name: FieldName, isRequired: boolean, check: Check])[] = [
  ['occurred', true, checkOccurred],
  ['event', true, checkName],
  ['resource', true, (json, loc) => checkLabels(json, loc, [resourceIdLabel])],
  ['related', false, checkRelated],
  ['payload', false, checkPayload],
  ['id', true, checkUuid],
  ['follows', false, (json, loc) => (json === 'null' ? [] : checkUuid(json, loc))],
];

function* checkOccurred(json: string, loc: Location): Iterable<EventIssue> {
  const time = parseTime(scalarOf(json));
  if (!time.ok) yield issue('value_error', time.msg, loc, json, time.ctx);
}

function* checkName(json: string, loc: Location): Iterable<EventIssue> {
  const wrong = checkString(json, loc);
  if (wrong !== null) yield wrong;
  // The text is at least as long as the name.
  else if (json.length > eventNameCharactersMax && codePoints(JSON.parse(json)) > eventNameCharactersMax) {
    yield valueError(`Event name must be at most ${eventNameCharactersMax} characters`, loc, json);
  }
}

function* checkRelated(json: string, loc: Location): Explaining {
  if (!json.startsWith('[')) {
    yield issue('list_type', 'Input should be a valid list', loc, json);
    return;
  }
  let count = 0;
  let areGood = true;
  for (const [index, resource] of membersOf(json)) {
    count += 1;
    for (const wrong of checkLabels(resource, [...loc, index], [resourceIdLabel, resourceRoleLabel])) {
      if (wrong !== undefined) areGood = false;
      yield wrong;
    }
    if (count % stepMembers === 0) yield;
  }
  if (areGood && count > relatedMax) {
    yield valueError(`The maximum number of related resources is ${relatedMax}`, loc, json);
  }
}

/** A step is so many labels, or related resources. */
const stepMembers = 1024;

/** The labels' own issues first; only labels that are all text are checked as a whole. */
function* checkLabels(json: string, loc: Location, required: readonly string[]): Explaining {
  if (!json.startsWith('{')) {
    yield notADictionary(loc, json);
    return;
  }
  const labels = new Map<string | number, string>();
  let members = 0;
  for (const [label, value] of membersOf(json)) {
    labels.set(label, value);
    members += 1;
    if (members % stepMembers === 0) yield;
  }
  const mayBeLone = holdsUnicodeEscape(json);
  let areText = true;
  for (const [label, value] of labels) {
    if (!mayBeLone && value.startsWith('"')) continue;
    const wrongKey = isWellFormed(label) ? null : checkString(JSON.stringify(label), [...loc, label, '[key]']);
    const wrongValue = isGoodString(value) ? null : checkString(value, [...loc, label]);
    if (wrongKey !== null) yield wrongKey;
    if (wrongValue !== null) yield wrongValue;
    if (wrongKey !== null || wrongValue !== null) areText = false;
  }
  const sentence = areText ? wrongTogether(labels, required) : null;
  if (sentence !== null) yield valueError(sentence, loc, json);
}

function wrongTogether(labels: Map<string | number, string>, required: readonly string[]): string | null {
  if (labels.size > labelsMax) return `The maximum number of labels per resource is ${labelsMax}`;
  for (const label of required) {
    const owner = label === resourceRoleLabel ? 'Related Resources' : 'Resources';
    const value = labels.get(label);
    if (value === undefined) return `${owner} must include the ${label} label`;
    if (value === '""') return `The ${label} label must be non-empty`;
  }
  return null;
}

function* checkPayload(json: string, loc: Location, depth: number): Iterable<EventIssue> {
  if (!json.startsWith('{')) yield notADictionary(loc, json);
  else if (depth > payloadDepthMax) {
    yield valueError(`The payload must not be nested deeper than ${payloadDepthMax} levels`, loc, json);
  }
}

function* checkUuid(json: string, loc: Location): Iterable<EventIssue> {
  const uuid = parseUuid(scalarOf(json));
  if (!uuid.ok) yield issue(uuid.type, uuid.msg, loc, json, uuid.ctx);
}

/** Lists and objects are refused for what they are, whatever they hold. */
function scalarOf(json: string): unknown {
  return json.startsWith('{') || json.startsWith('[') ? null : JSON.parse(json);
}

function checkString(json: string, loc: Location): EventIssue | null {
  if (!json.startsWith('"')) return issue('string_type', 'Input should be a valid string', loc, json);
  if (!holdsUnicodeEscape(json) || String(JSON.parse(json)).isWellFormed()) return null;
  const msg = 'Input should be a valid string, unable to parse raw data as a unicode string';
  return issue('string_unicode', msg, loc, json);
}

function isWellFormed(label: string | number): boolean {
  return typeof label === 'number' || label.isWellFormed();
}

/** Most are told by a look; `checkString` judges the rest. */
function isGoodString(json: string): boolean {
  return json.startsWith('"') && !holdsUnicodeEscape(json);
}

/** Text that came as UTF-8 holds a lone surrogate only by an escape. */
function holdsUnicodeEscape(json: string): boolean {
  return json.includes('\\u');
}

function notADictionary(loc: Location, json: string): EventIssue {
  return issue('dict_type', 'Input should be a valid dictionary', loc, json);
}

function valueError(sentence: string, loc: Location, json: string): EventIssue {
  return issue('value_error', `Value error, ${sentence}`, loc, json, { error: {} });
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
