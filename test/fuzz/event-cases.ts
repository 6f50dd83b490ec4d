/**
 * Events as hostile producers send them: every field, and what is no field, in every shape.
 */
import { allShapes, fill, type Shape, textShapes } from './shapes.ts';

export interface Case {
  readonly name: string;
  /** The message's text. */
  readonly of: (size: number) => string;
}

const id = '00000000-0000-4000-8000-000000000001';
const resource = '{"prefect.resource.id":"x"}';
const plain: readonly (readonly [field: string, json: string])[] = [
  ['occurred', '"2026-11-22T00:00:00Z"'],
  ['event', '"fuzz"'],
  ['resource', resource],
  ['related', '[]'],
  ['payload', '{}'],
  ['id', `"${id}"`],
  ['follows', 'null'],
];

/** The event with one field set, or with one more. */
export function eventWith(field: string, json: string, isFirst = false): string {
  const known = plain.map(([name, value]) => [name, name === field ? json : value] as const);
  const fields = plain.some(([name]) => name === field) ? known : [...known, [field, json] as const];
  const ordered = isFirst ? [...fields].reverse() : fields;
  return `{${ordered.map(([name, value]) => `"${name}":${value}`).join(',')}}`;
}

const related = (labels: string): string => `[{"prefect.resource.id":"x","prefect.resource.role":"r",${labels}}]`;
const ofLabel = (json: string): string => `{"prefect.resource.id":"x","l":${json}}`;

/** Where a shape is put. */
const places: readonly (readonly [name: string, put: (json: string) => string, shapes: readonly Shape[]])[] = [
  ...['occurred', 'event', 'resource', 'related', 'payload', 'id', 'follows', 'unknown'].map(
    (field) => [field, (json: string) => eventWith(field, json), allShapes] as const,
  ),
  ['payload, sent first', (json) => eventWith('payload', json, true), allShapes],
  ['payload within', (json) => eventWith('payload', `{"a":${json}}`), allShapes],
  ['a label', (json) => eventWith('resource', ofLabel(json)), textShapes],
  ['a label name', (json) => eventWith('resource', `{"prefect.resource.id":"x",${json}:"v"}`), textShapes],
  ['a related label', (json) => eventWith('related', related(`"l":${json}`)), textShapes],
  ['a resource id', (json) => eventWith('resource', `{"prefect.resource.id":${json}}`), textShapes],
  ['the message', (json) => json, allShapes],
];

const repeated: readonly Case[] = plain.map(([field, json]) => ({
  name: `${field} again and again`,
  of: (size) => `${eventWith('payload', '{}').slice(0, -1)}${fill(`,"${field}":${json}`, size)}}`,
}));

const many: readonly Case[] = [
  {
    name: 'related: 100 of many labels',
    of: (size) =>
      eventWith(
        'related',
        listOf(100, () => labelled(size / 100, (nth) => `"l${nth}":"v"`)),
      ),
  },
  {
    name: 'resource: 490 labels',
    of: (size) =>
      eventWith(
        'resource',
        labelled(490 * 12, (nth) => `"l${nth}":"${'v'.repeat(size / 490)}"`),
      ),
  },
  {
    name: 'related: many without a role',
    of: (size) => eventWith('related', `[${fill(`${resource},`, size).slice(0, -1)}]`),
  },
  {
    name: 'resource: labels that are no text',
    of: (size) =>
      eventWith(
        'resource',
        labelled(size, (nth) => `"l${nth}":1`),
      ),
  },
];

/** Each is one event. */
export const eventCases: readonly Case[] = [
  ...places.flatMap(([place, put, shapes]) =>
    shapes.map(({ name, of }) => ({ name: `${place}: ${name}`, of: (size: number) => put(of(size)) })),
  ),
  ...repeated,
  ...many,
];

/** Bodies of many small events, the size of all together given. */
export const batchCases: readonly Case[] = [
  ['good', eventWith('payload', '{"a":1}')],
  ['good in another order', eventWith('payload', '{"a":1}', true)],
  ['with blanks and escapes', eventWith('payload', '{ "a" : "\\u0041" }')],
  ['bad', '{"occurred":"2026","event":"","id":"x","resource":{}}'],
  ['with nothing', '{}'],
  ['no object', '1'],
  ['a long list of lists', '[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]'],
].map(([name = '', event = '']) => ({
  name: `events: ${name}`,
  of: (size) => {
    const count = Math.max(1, Math.floor(size / event.length));
    return `[${Array.from({ length: count }, (_, nth) => event.replace(id, idOf(nth))).join(',')}]`;
  },
}));

function idOf(nth: number): string {
  return `00000000-0000-4000-8000-${String(nth).padStart(12, '0')}`;
}

function labelled(size: number, label: (nth: number) => string): string {
  const labels: string[] = [];
  for (let length = 0; length < size; length += labels.at(-1)!.length > 100 ? 12 : labels.at(-1)!.length)
    labels.push(label(labels.length));
  return `{"prefect.resource.id":"x","prefect.resource.role":"r",${labels.join(',')}}`;
}

function listOf(count: number, item: () => string): string {
  return `[${Array.from({ length: count }, item).join(',')}]`;
}
