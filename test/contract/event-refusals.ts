/**
 * The table of errors (docs/prefect-facts.md, "Sending events"): what is sent as the body of POST /api/events, and the
 * mistakes it is answered with.
 */
import { eventLike, type Sent } from '../../support/events.ts';

export interface Refusal {
  readonly name: string;
  /** A string is sent as it is. */
  readonly body: unknown;
  readonly details: (body: unknown) => readonly object[];
  /** What `request_body` says, if it is not the body as parsed. */
  readonly requestBody?: unknown;
  readonly ours?: string;
}

const id = '0f9b6a1e-3c1d-4f4e-9a53-1b2c3d4e5f60';
const resource = { 'prefect.resource.id': 'r' };
const related = { 'prefect.resource.id': 'r', 'prefect.resource.role': 'x' };
const valueError = { error: {} };

const many = (count: number): Record<string, string> =>
  Object.fromEntries([
    ['prefect.resource.id', 'r'],
    ...Array.from({ length: count - 1 }, (_, at) => [`label-${at}`, 'v']),
  ]);

export const eventRefusals: readonly Refusal[] = [
  {
    name: 'an object instead of a list',
    body: {},
    details: (input) => [{ type: 'list_type', loc: ['body'], msg: 'Input should be a valid list', input }],
  },
  { name: 'an empty body', body: '', details: () => [missing(['body'], null)], requestBody: null },
  { name: 'null', body: null, details: () => [missing(['body'], null)], requestBody: null },
  {
    name: 'an empty event: one error for each field',
    body: [{}],
    details: () => ['occurred', 'event', 'resource', 'id'].map((name) => missing(['body', 0, name], {})),
  },
  ...['occurred', 'event', 'resource', 'id'].map((name) => ({
    name: `an event without ${name}`,
    body: [without(name)],
    details: () => [missing(['body', 0, name], without(name))],
  })),
  one('an id of letters', { id: 'nope' }, (input) => uuidParsing('id', 'invalid character: found `n` at 0', input)),
  one('an id that is too short', { id: 'abc' }, (input) => uuidParsing('id', 'invalid length: found 3', input)),
  one('an id that is a number', { id: 5 }, (input) => ({
    type: 'uuid_type',
    loc: ['body', 0, 'id'],
    msg: 'UUID input should be a string, bytes or UUID object',
    input,
  })),
  one('a follows of letters', { follows: 'nope' }, (input) =>
    uuidParsing('follows', 'invalid character: found `n` at 0', input),
  ),
  one('a time that is a word', { occurred: 'yesterday' }, (input) =>
    broken('occurred', 'Unable to parse string [yesterday]', input),
  ),
  one('a time that is null', { occurred: null }, (input) => ({
    type: 'value_error',
    loc: ['body', 0, 'occurred'],
    msg: 'value is not a valid datetime',
    input,
  })),
  one('a name of 1025 characters', { event: 'n'.repeat(1025) }, (input) =>
    broken('event', 'Event name must be at most 1024 characters', input),
  ),
  one('a name that is a number', { event: 5 }, (input) => notText(['event'], input)),
  one('a resource without id', { resource: { a: 'b' } }, (input) =>
    broken('resource', 'Resources must include the prefect.resource.id label', input),
  ),
  one('a resource with an empty id', { resource: { 'prefect.resource.id': '' } }, (input) =>
    broken('resource', 'The prefect.resource.id label must be non-empty', input),
  ),
  one('a label that is a number', { resource: { ...resource, n: 5 } }, () => notText(['resource', 'n'], 5)),
  one('a label that is null', { resource: { ...resource, n: null } }, () => notText(['resource', 'n'], null)),
  one('a resource as pairs', { resource: [['prefect.resource.id', 'r']] }, (input) => notObject('resource', input)),
  one('a resource as label objects', { resource: [{ label: 'prefect.resource.id', value: 'r' }] }, (input) =>
    notObject('resource', input),
  ),
  one('501 labels', { resource: many(501) }, (input) =>
    broken('resource', 'The maximum number of labels per resource is 500', input),
  ),
  one('a related without role', { related: [resource] }, ([first]) =>
    brokenRelated('Related Resources must include the prefect.resource.role label', first),
  ),
  one('a related with an empty role', { related: [{ ...related, 'prefect.resource.role': '' }] }, ([first]) =>
    brokenRelated('The prefect.resource.role label must be non-empty', first),
  ),
  one('a related without id', { related: [{ 'prefect.resource.role': 'x' }] }, ([first]) =>
    brokenRelated('Resources must include the prefect.resource.id label', first),
  ),
  one('a related that is an object', { related: {} }, (input) => notList('related', input)),
  one('a related that is null', { related: null }, (input) => notList('related', input)),
  one('101 related', { related: Array.from({ length: 101 }, () => related) }, (input) =>
    broken('related', 'The maximum number of related resources is 100', input),
  ),
  one('a payload that is a list', { payload: [1] }, (input) => notObject('payload', input)),
  one('a payload that is null', { payload: null }, (input) => notObject('payload', input)),
  {
    name: 'several mistakes at once, in the order of the fields',
    body: [whole({ payload: null, id: 'nope', occurred: null })],
    details: () => [
      { type: 'value_error', loc: ['body', 0, 'occurred'], msg: 'value is not a valid datetime', input: null },
      notObject('payload', null),
      uuidParsing('id', 'invalid character: found `n` at 0', 'nope'),
    ],
  },
];

/** A whole event that is the same in each run, for refused events only. */
function whole(fields: Sent): Sent {
  return eventLike({ occurred: '2026-11-16T00:00:00Z', event: 'never.stored', id, resource, ...fields });
}

function without(name: string): Sent {
  const { [name]: _left, ...rest } = whole({});
  return rest;
}

/** One event with one wrong field; the mistake is told from that field's value. */
function one<const Name extends string, Value>(
  name: string,
  fields: Readonly<Record<Name, Value>>,
  detail: (input: Value) => object,
): Refusal {
  const [value] = Object.values<Value>(fields);
  return { name, body: [whole(fields)], details: () => [detail(value as Value)] }; // `fields` has exactly one
}

function missing(loc: readonly unknown[], input: unknown): object {
  return { type: 'missing', loc, msg: 'Field required', input };
}

function broken(field: string, sentence: string, input: unknown): object {
  return { type: 'value_error', loc: ['body', 0, field], msg: `Value error, ${sentence}`, input, ctx: valueError };
}

function brokenRelated(sentence: string, input: unknown): object {
  return {
    type: 'value_error',
    loc: ['body', 0, 'related', 0],
    msg: `Value error, ${sentence}`,
    input,
    ctx: valueError,
  };
}

function uuidParsing(field: string, why: string, input: unknown): object {
  const msg = `Input should be a valid UUID, ${why}`;
  return { type: 'uuid_parsing', loc: ['body', 0, field], msg, input, ctx: { error: why } };
}

function notText(path: readonly string[], input: unknown): object {
  return { type: 'string_type', loc: ['body', 0, ...path], msg: 'Input should be a valid string', input };
}

function notObject(field: string, input: unknown): object {
  return { type: 'dict_type', loc: ['body', 0, field], msg: 'Input should be a valid dictionary', input };
}

function notList(field: string, input: unknown): object {
  return { type: 'list_type', loc: ['body', 0, field], msg: 'Input should be a valid list', input };
}
