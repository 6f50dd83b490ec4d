/**
 * Random events with awkward labels, and filters (as a client sends them) derived from those events, so that many of
 * them match some events but not all.
 */
import fc from 'fast-check';
import type { EventBody } from '../../schemas/event.ts';
import type { Filter } from '../../schemas/filter.ts';
import { foldText, type StoredEvent, searchSeparator } from '../../schemas/stored-event.ts';
import { filterBounds } from '../../src/filter/filter-bounds.ts';
import { filterParts, partNames } from '../../src/filter/filter-parts.ts';
import { validateFilter } from '../../src/filter/validate-filter.ts';

const character = fc.constantFrom(...'aabbAB*?!%_\\=é😀\'"\t\n [].^$ßΣ\u0000'.match(/./gsu)!);
const word = fc.string({ unit: character, maxLength: 4 });
const labelName = fc.constantFrom(
  'env',
  'a',
  'a=b',
  'toString',
  '__proto__',
  'constructor',
  '',
  '%',
  'é',
  "'",
  '\\',
  'prefect.resource.name',
);
const labelValue = fc.oneof(fc.constantFrom('prod', 'prod-1', 'test', 'b=prod', 'a', 'a😀b', ''), word);
const resourceId = fc.oneof(
  fc.constantFrom('flow.1', 'flow.2', 'flow.10', 'task.1', 'u_v', 'uXv', '%'),
  fc.string({ unit: character, minLength: 1, maxLength: 3 }),
);
const role = fc.constantFrom('flow', 'tag', 'work-pool', 'f*');
const eventName = fc.oneof(fc.constantFrom('flow.completed', 'flow.failed', 'flow', 'task.completed', ''), word);
const moments = [
  '0001-01-01T00:00:00Z',
  '1969-12-31T23:59:59.999999Z',
  '2026-11-20T00:00:00Z',
  '2026-11-20T00:00:00.000001Z',
  '2026-11-21T12:00:00.500000Z',
  '2026-11-22T00:00:00Z',
  '9999-12-31T23:59:59.999999Z',
];

/** As JSON.parse makes it: any label is an own property. */
function labelsOf(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [label, value] of pairs)
    Object.defineProperty(labels, label, { value, enumerable: true, configurable: true, writable: true });
  return labels;
}

const labelPair = fc.tuple(labelName, labelValue);
const labelPairs = fc.oneof(
  { weight: 4, arbitrary: fc.uniqueArray(labelPair, { selector: ([label]) => label, maxLength: 4 }) },
  fc.uniqueArray(labelPair, { selector: ([label]) => label, minLength: 9, maxLength: 12 }),
);

const eventBody: fc.Arbitrary<EventBody> = fc
  .record({
    occurred: fc.constantFrom(...moments),
    event: eventName,
    resource: fc.tuple(resourceId, labelPairs, fc.option(role)),
    related: fc.array(fc.tuple(resourceId, role, labelPairs), { maxLength: 3 }),
    payload: fc.dictionary(word, fc.oneof(word, fc.constantFrom('Straße', 'ΑΣΣ', 'a b')), { maxKeys: 2 }),
    id: fc.uuid(),
  })
  .map(({ resource: [id, labels, ownRole], related, ...body }) => ({
    ...body,
    follows: null,
    resource: labelsOf([
      ['prefect.resource.id', id],
      ...labels,
      ...(ownRole === null ? [] : [['prefect.resource.role', ownRole] as const]),
    ]),
    related: related.map(([relatedId, relatedRole, relatedLabels]) =>
      labelsOf([['prefect.resource.id', relatedId], ...relatedLabels, ['prefect.resource.role', relatedRole]]),
    ),
  }));

export function sampleEvents(count: number, seed: number): StoredEvent[] {
  return fc.sample(eventBody, { numRuns: count, seed }).map((body, index) => storedAs(index + 1, body));
}

export function storedAs(seq: number, body: EventBody): StoredEvent {
  const { occurred, event, resource, related, payload, id, follows } = body;
  const head = JSON.stringify({ occurred, event, resource, related }).slice(0, -1);
  const rest = JSON.stringify({ payload, id, follows, received }).slice(1);
  return { seq, raw: `${head},${rest}`, search: searchOf(body), body };
}

/** Within every retention, whenever the test runs. */
export const received = `${new Date().toISOString().slice(0, 10)}T00:00:00Z`;

function searchOf({ event, resource, related, payload }: EventBody): string {
  const pieces = [
    event,
    ...[resource, ...related, payload].flatMap((part) => Object.values(part) as string[]),
    ...Object.keys(payload),
  ];
  return pieces.map((piece) => foldText(piece) + searchSeparator).join('');
}

/** A filter as a client sends it: from one to three parts, each taken from one of the events and blurred. */
export function filterFrom(events: readonly StoredEvent[]): fc.Arbitrary<Record<string, unknown>> {
  return anyFilterFrom(events).filter(isWithinBounds);
}

const boundTypes = new Set<string>(Object.values(filterBounds).map(({ type }) => type));

/** A filter beyond a bound is refused, and has no meaning. */
function isWithinBounds(sent: Record<string, unknown>): boolean {
  const checked = validateFilter(sent, { loc: [], now: new Date(), openEnded: false });
  return checked.ok || !checked.issues.every(({ type }) => boundTypes.has(type));
}

type PartArbitrary = (body: EventBody, events: readonly StoredEvent[]) => fc.Arbitrary<unknown>;

/** Each part as a client sends it, near what one event has. A part without an arbitrary does not compile. */
const arbitraryParts: Record<keyof Filter, PartArbitrary> = {
  occurred: () =>
    fc.tuple(fc.nat(2), fc.nat(2)).map(([from, back]) => ({ since: moments[from], until: moments.at(-1 - back) })),
  event: ({ event }) =>
    someOf({
      prefix: listFrom(prefixOf(event)),
      exclude_prefix: listFrom(prefixOf('flow.failed')),
      name: listFrom(fc.oneof(fc.constant(event), eventName)),
      exclude_name: listFrom(eventName),
    }),
  resource: ({ resource }) => resourceFilter(resource),
  related: ({ resource, related }) => oneOrMore(fc.constantFrom(resource, ...related).chain(relatedFilter)),
  anyResource: ({ resource, related }) => oneOrMore(fc.constantFrom(resource, ...related).chain(resourceFilter)),
  id: (_body, events) =>
    fc.record({ id: fc.array(fc.constantFrom(...events.map((event) => event.body.id)), { maxLength: 20 }) }),
  text: (body) => fc.record({ query: textQuery(body) }),
  order: () => fc.constantFrom('ASC', 'DESC'),
};

function anyFilterFrom(events: readonly StoredEvent[]): fc.Arbitrary<Record<string, unknown>> {
  return fc.constantFrom(...events).chain(({ body }) => {
    const { order, ...conditions } = Object.fromEntries(
      partNames.map((name) => [filterParts[name].name, arbitraryParts[name](body, events)]),
    );
    return fc.tuple(someOf(conditions), fc.option(order!)).map(([filter, ordered]) => ({
      ...filter,
      ...(ordered === null ? {} : { order: ordered }),
      occurred: Object.assign({ since: moments[0], until: moments.at(-1) }, filter['occurred']),
    }));
  });
}

/** One or two of the fields, and now and then none. */
function someOf(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Record<string, unknown>> {
  const names = fc.subarray(Object.keys(fields), { minLength: 1, maxLength: 2 });
  return fc
    .oneof({ weight: 12, arbitrary: names }, fc.constant([]))
    .chain((chosen) => fc.record(Object.fromEntries(chosen.map((name) => [name, fields[name]!]))));
}

/** A few, and now and then more than ClickHouse is asked for one by one. */
function listFrom<Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value[]> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.array(value, { minLength: 1, maxLength: 3 }) },
    fc.array(value, { minLength: 5, maxLength: 60, size: 'max' }),
  );
}

function oneOrMore<Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | Value[]> {
  return fc.oneof(value, fc.array(value, { maxLength: 2 }));
}

function prefixOf(text: string): fc.Arbitrary<string> {
  const characters = [...text];
  return fc.nat(characters.length).map((size) => characters.slice(0, size).join(''));
}

function resourceFilter(labels: Readonly<Record<string, string>>): fc.Arbitrary<Record<string, unknown>> {
  const id = labels['prefect.resource.id'] ?? '';
  return someOf({
    id: listFrom(fc.oneof({ weight: 3, arbitrary: fc.constant(id) }, resourceId)),
    id_prefix: listFrom(prefixOf(id)),
    labels: labelsFilter(labels),
  });
}

function relatedFilter(labels: Readonly<Record<string, string>>): fc.Arbitrary<Record<string, unknown>> {
  const id = fc.oneof({ weight: 3, arbitrary: fc.constant(labels['prefect.resource.id'] ?? '') }, resourceId);
  const roles = fc.oneof({ weight: 3, arbitrary: fc.constant(labels['prefect.resource.role'] ?? 'flow') }, role);
  return someOf({
    id: listFrom(id),
    role: listFrom(roles),
    resources_in_roles: listFrom(fc.tuple(id, roles)),
    labels: labelsFilter(labels),
  });
}

function labelsFilter(labels: Readonly<Record<string, string>>): fc.Arbitrary<Record<string, unknown>> {
  const own = fc.constantFrom(...Object.keys(labels)).chain((label) => {
    const pattern = blurred(labels[label] ?? '');
    return fc.tuple(fc.constant(label), fc.oneof(pattern, listFrom(pattern)));
  });
  const other = fc.tuple(
    fc.oneof(labelName, fc.constantFrom('prefect.resource.role', 'prefect.resource.id')),
    fc.oneof(fc.constantFrom('', '*', '!', '!*', '?', 'p*'), fc.constant([]), fc.constant(['', 'flow'])),
  );
  const apart = fc.uniqueArray(fc.oneof({ weight: 8, arbitrary: own }, other), {
    selector: ([label]) => label,
    maxLength: 2,
  });
  return fc
    .oneof({ weight: 4, arbitrary: apart }, manyOwn(labels))
    .map((pairs) =>
      JSON.parse(`{${pairs.map(([label, value]) => `${JSON.stringify(label)}:${JSON.stringify(value)}`)}}`),
    );
}

/** All of the labels, or all but one, each with values that fit or nearly fit. */
function manyOwn(labels: Readonly<Record<string, string>>): fc.Arbitrary<[string, string | string[]][]> {
  const names = Object.keys(labels);
  return fc.subarray(names, { minLength: Math.max(0, names.length - 1) }).chain((chosen) =>
    fc.tuple(
      ...chosen.map((label) => {
        const value = labels[label] ?? '';
        const pattern = fc.oneof({ weight: 6, arbitrary: fc.constant(value) }, blurred(value));
        return fc.tuple(fc.constant(label), fc.oneof(pattern, listFrom(pattern)));
      }),
    ),
  );
}

/** A pattern near a value: some characters become `?` or `*`, and it may be negated. */
function blurred(value: string): fc.Arbitrary<string> {
  const characters = [...value];
  return fc
    .tuple(
      fc.array(fc.constantFrom('', '', '', '?', '*'), { minLength: characters.length, maxLength: characters.length }),
      fc.constantFrom('', '', '!'),
      fc.constantFrom('', '', '*'),
    )
    .map(([marks, sign, end]) => sign + characters.map((kept, index) => marks[index] || kept).join('') + end);
}

function textQuery(body: EventBody): fc.Arbitrary<string> {
  const source = [body.event, ...Object.values(body.resource), ...Object.values(body.payload)]
    .map(String)
    .filter(Boolean);
  const term = fc
    .oneof({ weight: 4, arbitrary: fc.constantFrom('flow', 'FLOW', 'é', 'ss', 'prod', ...source) }, word)
    .map((text) => [...text].slice(0, 6).join(''));
  const quoted = term.map((text) => `"${text.replaceAll('"', '\\"')}"`);
  const prefixed = fc
    .tuple(fc.constantFrom('', '', '+', '-', '!', '- '), fc.oneof(term, quoted))
    .map(([sign, text]) => sign + text);
  return fc.array(prefixed, { minLength: 1, maxLength: 3 }).map((terms) => terms.join(' '));
}
